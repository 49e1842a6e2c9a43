"""What a run is made from, as one digest: if it is that of the last run, there is nothing new.

Here: hashing the inputs, remembering which digest the last run ended with, and telling by both whether there is
anything new. Not here: the content of a release (assets.release.publish.manifest).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from assets.core.file_hash_cache import cached_sha256
from assets.core.paths import PROJECT_ROOT, Paths
from assets.release.publish.manifest import hash_file, is_whole
from assets.release.read.reader import find_current_release

# What computes the figures; a new version of these is a new input.
_ENGINES = ("duckdb", "pyarrow", "great-expectations", "numpy", "scipy")


def compute_fingerprint(paths: Paths) -> str:
    """A digest of the inbox, the reference tables, the contracts, corrections, approvals, the SQL and the code.

    Files of the inbox that are as they were when they were taken in are not read for it.
    """
    digest, seen = hashlib.sha256(), cached_sha256(paths)
    for engine in _ENGINES:
        digest.update(f"{engine} {version(engine)}\n".encode())
    for label, file in _input_files(paths):
        digest.update(f"{label} ".encode())
        if file.is_symlink():
            digest.update(b"link " + bytes(file.readlink()))
            continue
        known = seen(file) if file.is_relative_to(paths.inbox) else None
        digest.update((known or hash_file(file)).encode())
    return digest.hexdigest()


def changed_fingerprint(paths: Paths) -> str | None:
    """The digest of what a run would be made from; None where the current release is made from just that.

    Other machines may have put files into a shared store since: then there is something new, from the same inputs.
    """
    inputs, current = compute_fingerprint(paths), find_current_release(paths)
    is_known = current is not None and load_fingerprint(paths) == (inputs, current.manifest.release_id)
    is_current = current is not None and is_known and is_whole(current.folder, current.manifest)
    return None if is_current and not _has_remote_changes(paths) else inputs


def _input_files(paths: Paths) -> Iterator[tuple[str, Path]]:
    folders = [
        (paths.inbox, "*"),
        (paths.reference, "*.csv"),
        (paths.contracts, "*.yml"),
        (PROJECT_ROOT / "assets", "*.yml"),
        (paths.data, "settings.yml"),
        (paths.corrections, "*.yml"),
        (paths.approvals, "*.yml"),
        *((folder, "*.*") for folder in paths.sql),
        (PROJECT_ROOT / "assets", "*.py"),
        (PROJECT_ROOT / "pipelines", "*.py"),
    ]
    for folder, pattern in folders:
        for file in sorted(folder.rglob(pattern)):
            hidden = any(part.startswith((".", "~$")) for part in file.relative_to(folder).parts)
            if not hidden and (file.is_file() or file.is_symlink()):
                yield f"{folder.name}/{file.relative_to(folder).as_posix()}", file


def save_fingerprint(paths: Paths, inputs_digest: str, release_id: str) -> None:
    """Note that a run from these inputs ended with this release. Losing the note costs one run, nothing else."""
    paths.state.mkdir(parents=True, exist_ok=True)
    note = paths.state / "last_run.json"
    temporary = note.with_suffix(".tmp")
    said = {"inputs": inputs_digest, "release_id": release_id, "shared": _sync_state_digest(paths)}
    temporary.write_text(json.dumps(said), encoding="utf-8")
    temporary.rename(note)


def load_fingerprint(paths: Paths) -> tuple[str, str] | None:
    """The inputs digest of the last run, and the release it ended with."""
    note = _noted(paths)
    return (note["inputs"], note["release_id"]) if {"inputs", "release_id"} <= note.keys() else None


def _noted(paths: Paths) -> dict[str, str]:
    try:
        return {name: str(said) for name, said in json.loads((paths.state / "last_run.json").read_bytes()).items()}
    except (OSError, ValueError, AttributeError):
        return {}


def _has_remote_changes(paths: Paths) -> bool:
    # A store that was configured since is a change of the settings, which are an input.
    if not (last_state := _noted(paths).get("shared")):
        return False
    from assets.core.sync_state import has_remote_changes

    return has_remote_changes(paths, last_state)


def _sync_state_digest(paths: Paths) -> str:
    from assets.core.object_store import has_shared_store  # slow to import, and not needed where nothing is new

    if not has_shared_store(paths):
        return ""
    from assets.core.sync_state import sync_state_digest

    return sync_state_digest(paths)
