"""The versions of the lake and of the state folder, and who may read the state.

Here: marking both folders with the version of this program, so that no program reads a format that it does not know.
Not here: their content (assets.intake.receipts.receipts, pipelines). Folders without a version are of version 1.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from assets.core.errors import Issue, UsageError
from assets.core.files import write_atomically
from assets.core.paths import Paths
from assets.core.sealed import seal_earlier_file
from assets.core.system import has_access, has_private_mode

LAKE_VERSION, STATE_VERSION = 3, 1
VERSION_FILE = "VERSION"
_FIRST_SEALED_VERSION = 3
PRIVATE_MODE = 0o700


def ensure_data_dir(paths: Paths) -> None:
    """Create lake and state and write their versions; raise UsageError where this program cannot read them."""
    for issue in find_unreadable_versions(paths):
        raise UsageError(issue)
    ensure_state_dir(paths)
    _seal_earlier_receipts(paths.lake)
    for folder, version in _folders(paths):
        file = folder / VERSION_FILE
        if not file.exists() or file.read_text(encoding="ascii").strip() != str(version):
            write_atomically(file, f"{version}\n")


def _seal_earlier_receipts(lake: Path) -> None:
    """Seal the receipts of a lake of version 1 or 2, which have no checksum; later versions have no other ones."""
    version = lake / VERSION_FILE
    if not version.exists() or int(version.read_text(encoding="ascii")) < _FIRST_SEALED_VERSION:
        for file in lake.glob("[!.]*/*.json"):
            seal_earlier_file(file)


def ensure_state_dir(paths: Paths) -> None:
    """Create the state folder for its owner alone, because it holds logs; raise UsageError where it is not writable."""
    paths.state.mkdir(parents=True, exist_ok=True)
    if not has_access(paths.state, os.W_OK | os.X_OK):
        raise UsageError(Issue("folder_unwritable", str(paths.state)))
    if not has_private_mode(paths.state):
        paths.state.chmod(PRIVATE_MODE)


def find_unreadable_versions(paths: Paths) -> Iterator[Issue]:
    """Yield an issue for each folder of a newer program, or whose version is not a number."""
    for folder, version in _folders(paths):
        file = folder / VERSION_FILE
        issue = check_version(file.read_bytes(), version, f"{folder.name}/{VERSION_FILE}") if file.exists() else None
        if issue is not None:
            yield issue


def check_version(content: bytes, newest: int, file: str) -> Issue | None:
    """Return why this program, which reads versions up to `newest`, cannot read data with this content of VERSION."""
    text = content[:80].decode("ascii", "replace").strip()
    if not text.isdecimal() or int(text) < 1:
        return Issue("invalid_version", text, str(newest), file)
    return Issue("newer_data_version", text, str(newest), file) if int(text) > newest else None


def _folders(paths: Paths) -> tuple[tuple[Path, int], ...]:
    return (paths.lake, LAKE_VERSION), (paths.state, STATE_VERSION)
