"""The fingerprint of a run: one digest of all its inputs. If it is that of the last run, there is nothing new.

Here: hashing the inputs, saving the fingerprint of the last run, and comparing both. Not here: the content digest of a
release (assets.release.publish.manifest).
"""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from assets.core.file_hash_cache import cached_sha256
from assets.core.files import hash_file, write_cache
from assets.core.inbox_files import InboxEntry, escape_path, list_inbox, open_inbox_file
from assets.core.paths import PROJECT_ROOT, Paths
from assets.core.sealed import read_sealed, seal
from assets.release.publish.manifest import WrittenFile, is_intact
from assets.release.read.reader import find_current_release

# These compute the figures; a new version of one is a new input.
_ENGINES = ("duckdb", "pyarrow", "great-expectations", "numpy", "scipy")


def compute_fingerprint(paths: Paths) -> str:
    """Return the digest of the inbox, reference tables, contracts, settings, corrections, approvals, SQL and code.

    Files of the inbox that have not changed since their intake are not read.
    """
    digest, known_sha256 = hashlib.sha256(), cached_sha256(paths)
    for engine in _ENGINES:
        digest.update(f"{engine} {version(engine)}\n".encode())
    for entry in list_inbox(paths.inbox):
        # The same bytes may have been sent again, so the time counts too.
        content = (known_sha256(entry) if entry.is_file else "") or _hash_inbox_file(paths.inbox, entry)
        digest.update(f"inbox/{entry.name} {entry.status.st_mtime_ns} {content}".encode())
    for label, file in _list_input_files(paths):
        digest.update(f"{label} ".encode())
        digest.update(b"link " + bytes(file.readlink()) if file.is_symlink() else hash_file(file).encode())
    return digest.hexdigest()


def changed_fingerprint(paths: Paths) -> str | None:
    """Return the fingerprint of a run, or None where the current release is intact and was made from these inputs.

    A shared store may have files of other machines that are new although the inputs here are the same.
    """
    fingerprint, current = compute_fingerprint(paths), find_current_release(paths)
    if current is None or load_fingerprint(paths) != (fingerprint, current.manifest.release_id):
        return fingerprint
    is_current = is_intact(current.folder, current.manifest)
    return None if is_current and not _has_remote_changes(paths) else fingerprint


def _hash_inbox_file(inbox: Path, entry: InboxEntry) -> str:
    """Return the hash of a file; of what a run refuses unread a text that stays as long as it does."""
    if entry.is_file:
        with suppress(OSError), open_inbox_file(inbox, entry.parts) as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    return f"unread {stat.filemode(entry.status.st_mode)} {escape_path((entry.target,))}"


def _list_input_files(paths: Paths) -> Iterator[tuple[str, Path]]:
    code = (PROJECT_ROOT / "assets", PROJECT_ROOT / "pipelines")
    folders = [
        (paths.reference, "*.csv"),
        *((folder, "*.yml") for folder in (paths.contracts, paths.corrections, paths.approvals, code[0])),
        (paths.data, "settings.yml"),
        *((folder, "*.*") for folder in paths.sql),
        *((folder, "*.py") for folder in code),
    ]
    for folder, pattern in folders:
        for file in sorted(folder.rglob(pattern), key=str):
            relative = file.relative_to(folder)
            is_hidden = any(part.startswith((".", "~$")) for part in relative.parts)
            if not is_hidden and (file.is_file() or file.is_symlink()):
                yield f"{folder.name}/{relative.as_posix()}", file


def describe_written_files(paths: Paths) -> tuple[WrittenFile, ...]:
    """Return the files of the data directory that people write, and that are inputs of a run, as they are now."""
    return tuple(
        WrittenFile(path=file.relative_to(paths.data).as_posix(), sha256=hash_file(file))
        for _, file in _list_input_files(paths)
        if file.is_relative_to(paths.data) and not file.is_relative_to(paths.inbox) and not file.is_symlink()
    )


def save_fingerprint(paths: Paths, fingerprint: str, release_id: str) -> None:
    """Save that a run with this fingerprint ended with this release. If the note is lost, one run is repeated."""
    note = {"inputs": fingerprint, "release_id": release_id, "shared": _sync_state_digest(paths)}
    write_cache(paths.state / "last_run.json", seal(note))


def load_fingerprint(paths: Paths) -> tuple[str, str] | None:
    """Return the fingerprint of the last run and the release it ended with, None if they are not known."""
    note = _read_note(paths)
    return (note["inputs"], note["release_id"]) if {"inputs", "release_id"} <= note.keys() else None


def _read_note(paths: Paths) -> dict[str, str]:
    content = read_sealed(paths.state / "last_run.json") or {}
    return {name: str(value) for name, value in content.items()}


def _has_remote_changes(paths: Paths) -> bool:
    # A store that was configured since is a change of the settings, which are an input.
    if not (last_digest := _read_note(paths).get("shared")):
        return False
    from assets.core.sync_state import has_remote_changes

    return has_remote_changes(paths, last_digest)


def _sync_state_digest(paths: Paths) -> str:
    from assets.core.object_store import has_shared_store  # slow to import, and not needed where nothing is new

    if not has_shared_store(paths):
        return ""
    from assets.core.sync_state import sync_state_digest

    return sync_state_digest(paths)
