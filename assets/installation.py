"""What an installation keeps for itself: the version of its lake and its state, and who may look into the state.

Here: claiming the two folders for this program, so that none reads a form that it does not know. Not here: what is in
them (assets.intake.ledger, pipelines). Version 1 is the first; folders made before versions were written are of it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from assets.errors import Finding, WrongCall
from assets.paths import Paths

LAKE_VERSION, STATE_VERSION = 1, 1
NAME = "VERSION"
PRIVATE = 0o700


def claim(paths: Paths) -> None:
    """Make lake and state those of this version; WrongCall where they are of one that it cannot read."""
    for finding in unreadable_versions(paths):
        raise WrongCall(finding)
    make_state(paths)
    for folder, version in _folders(paths):
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / NAME).exists():
            temporary = folder / f".{NAME}.tmp"
            temporary.write_text(f"{version}\n", encoding="ascii")
            temporary.rename(folder / NAME)


def make_state(paths: Paths) -> None:
    """The folder of the state, for its owner alone, since it holds logs; WrongCall where it is closed to us."""
    paths.state.mkdir(parents=True, exist_ok=True)
    if not os.access(paths.state, os.W_OK | os.X_OK, effective_ids=True):
        raise WrongCall(Finding("folder_unwritable", str(paths.state)))
    if paths.state.stat().st_mode & 0o077:
        paths.state.chmod(PRIVATE)


def unreadable_versions(paths: Paths) -> Iterator[Finding]:
    """A lake or state of a newer program, or with a version that is no number."""
    for folder, version in _folders(paths):
        file = folder / NAME
        if not file.exists():
            continue
        fault = fault_of_version(file.read_bytes(), version, f"{folder.name}/{NAME}")
        if fault is not None:
            yield fault


def fault_of_version(said: bytes, version: int, place: str) -> Finding | None:
    """Why what a file of that place says of its version keeps this program, which knows up to `version`, from it."""
    text = said[:80].decode("ascii", "replace").strip()
    if not text.isdecimal() or int(text) < 1:
        return Finding("version_unreadable", text, str(version), place)
    return Finding("made_by_newer", text, str(version), place) if int(text) > version else None


def _folders(paths: Paths) -> tuple[tuple[Path, int], ...]:
    return (paths.lake, LAKE_VERSION), (paths.state, STATE_VERSION)
