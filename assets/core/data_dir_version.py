"""What an installation keeps for itself: the version of its lake and its state, and who may look into the state.

Here: claiming the two folders for this program, so that none reads a form that it does not know. Not here: what is in
them (assets.intake.receipts.receipts, pipelines). Version 1 is the first; folders made before versions were written
are of it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from assets.core.errors import Issue, UsageError
from assets.core.paths import Paths

LAKE_VERSION, STATE_VERSION = 1, 1
VERSION_FILE = "VERSION"
PRIVATE_MODE = 0o700


def ensure_data_dir(paths: Paths) -> None:
    """Make lake and state those of this version; WrongCall where they are of one that it cannot read."""
    for issue in find_unreadable_versions(paths):
        raise UsageError(issue)
    ensure_state_dir(paths)
    for folder, version in _folders(paths):
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / VERSION_FILE).exists():
            temporary = folder / f".{VERSION_FILE}.tmp"
            temporary.write_text(f"{version}\n", encoding="ascii")
            temporary.rename(folder / VERSION_FILE)


def ensure_state_dir(paths: Paths) -> None:
    """The folder of the state, for its owner alone, since it holds logs; WrongCall where it is closed to us."""
    paths.state.mkdir(parents=True, exist_ok=True)
    if not os.access(paths.state, os.W_OK | os.X_OK, effective_ids=True):
        raise UsageError(Issue("folder_unwritable", str(paths.state)))
    if paths.state.stat().st_mode & 0o077:
        paths.state.chmod(PRIVATE_MODE)


def find_unreadable_versions(paths: Paths) -> Iterator[Issue]:
    """A lake or state of a newer program, or with a version that is no number."""
    for folder, version in _folders(paths):
        file = folder / VERSION_FILE
        if not file.exists():
            continue
        fault = check_version(file.read_bytes(), version, f"{folder.name}/{VERSION_FILE}")
        if fault is not None:
            yield fault


def check_version(said: bytes, version: int, place: str) -> Issue | None:
    """Why what a file of that place says of its version keeps this program, which knows up to `version`, from it."""
    text = said[:80].decode("ascii", "replace").strip()
    if not text.isdecimal() or int(text) < 1:
        return Issue("version_unreadable", text, str(version), place)
    return Issue("made_by_newer", text, str(version), place) if int(text) > version else None


def _folders(paths: Paths) -> tuple[tuple[Path, int], ...]:
    return (paths.lake, LAKE_VERSION), (paths.state, STATE_VERSION)
