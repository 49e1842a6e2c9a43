"""The checks of `gancheng doctor`: what is wrong with an installation.

Here: quick checks that change nothing, first those of a run (pipelines.preconditions). Not here: the checks of the data
(assets.quality), and what an error of the system means once it has occurred (pipelines.observability.system_errors).
"""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from assets.core.data_dir_version import PRIVATE_MODE
from assets.core.errors import DataError, Issue, UsageError
from assets.core.inbox_files import escape_path
from assets.core.object_store import open_store
from assets.core.paths import Paths
from assets.core.sync_state import RECEIPTS
from assets.core.system import has_private_mode
from assets.intake.receipts.archive import is_archived_intact
from assets.intake.receipts.receipts import Receipt, damaged_results, read_receipts
from assets.release.publish import retention
from assets.release.publish.current import find_current_folder, is_copied_folder
from pipelines.locks import is_running
from pipelines.preconditions import can_enter, find_unmet

PACKAGE = "gancheng"
_MEGABYTE = 1_000_000
_MINIMUM_FREE = 500 * _MEGABYTE
# Where interrupted work leaves files.
_TEMP_FILES = (
    *("releases/.building-*", "releases/.current-*", "releases/.pruning-*", "warehouse/snapshot.duckdb"),
    *("lake/*/.work-*", "archive/.arriving-*", "warehouse/.returns-*"),
)


def diagnose(paths: Paths, *, is_deep: bool = False) -> list[Issue]:
    """Return everything that is wrong, what keeps a run from working first; `is_deep` also reads every original."""
    checks: tuple[Callable[[Paths], Iterable[Issue]], ...] = (
        *(find_unmet, check_store, check_disk, check_access, check_packages, check_receipts),
        *(check_current_release, check_temp_files, check_dagster_state),
    )
    deep = (check_originals,) if is_deep else ()
    return [issue for check in (*checks, *deep) for issue in check(paths)]


def check_store(paths: Paths) -> list[Issue]:
    """Check that the shared store answers, is readable, and was not written by a newer program."""
    try:
        store = open_store(paths)
        if store is not None:
            store.list(RECEIPTS)
    except DataError:
        return []  # the preconditions report them
    except UsageError as error:
        return list(error.issues)
    return []


def check_disk(paths: Paths, minimum: int = _MINIMUM_FREE) -> Iterator[Issue]:
    """Check the free space, in bytes: a run writes a candidate and a release beside the existing ones."""
    current = find_current_folder(paths)
    files = (paths.candidate, *(current.rglob("*") if current is not None else ()))
    needed = max(minimum, 2 * sum(file.stat().st_size for file in files if file.is_file()))
    folder = next(folder for folder in (paths.data, *paths.data.parents) if folder.is_dir())
    free = shutil.disk_usage(folder).free
    if free < needed:
        yield Issue("disk_nearly_full", str(free // _MEGABYTE), str(needed // _MEGABYTE))


def check_access(paths: Paths) -> Iterator[Issue]:
    """Check that the current user can read the folders of the inbox, and that no other user can read the state."""
    folders = sorted(paths.inbox.iterdir()) if can_enter(paths.inbox, os.R_OK) else []
    for folder in folders:
        if folder.is_dir() and not folder.is_symlink() and not can_enter(folder, os.R_OK):
            yield Issue("folder_unreadable", expected="chmod u+rx", file=f"inbox/{escape_path((folder.name,))}")
    if paths.state.is_dir() and not has_private_mode(paths.state):
        mode = paths.state.stat().st_mode & 0o777
        yield Issue("insecure_state_folder", f"{mode:03o}", f"{PRIVATE_MODE:03o} {paths.state}")


def check_packages(_paths: Paths | None = None, required: Iterable[str] | None = None) -> Iterator[Issue]:
    """Check that Python and the packages have the versions that the project requires, or those of `required`."""
    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet

    python = metadata.metadata(PACKAGE)["Requires-Python"]
    if required is None and not SpecifierSet(python).contains(platform.python_version()):
        yield Issue("package_version_mismatch", f"Python {platform.python_version()}", f"Python {python}")
    for requirement in map(Requirement, metadata.requires(PACKAGE) or () if required is None else required):
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            version = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            version = ""
        if not version or not requirement.specifier.contains(version, prereleases=True):
            yield Issue("package_version_mismatch", f"{requirement.name} {version}".strip(), str(requirement))


def check_receipts(paths: Paths) -> Iterator[Issue]:
    """Check that receipts are readable and not from the future, and that the files they describe exist."""
    for folder in sorted(paths.lake.glob("[!.]*/")):
        try:
            for receipt in read_receipts(folder):
                yield from _check_receipt(paths, folder, receipt)
        except DataError as error:
            yield from error.issues


def _check_receipt(paths: Paths, folder: Path, receipt: Receipt) -> Iterator[Issue]:
    for file in damaged_results(folder, receipt):
        yield Issue("missing_intake_results", file=f"lake/{folder.name}/{file.name}")
    archived = paths.archived(receipt.file_sha256)
    if receipt.unarchived_refusal is None:
        if not archived.is_file():
            yield Issue("missing_archived_file", receipt.file_sha256, file=receipt.file)
        elif archived.stat().st_size != receipt.bytes:
            yield Issue("archived_file_changed", receipt.file_sha256, file=receipt.file)
    if receipt.received_at > datetime.now(UTC):
        yield Issue("clock_behind", receipt.received_at.isoformat(), file=receipt.file)


def check_originals(paths: Paths) -> Iterator[Issue]:
    """Check the bytes of every original in the archive; `check_receipts` compares sizes."""
    for folder in sorted(paths.archive.glob("[!.]*/")):
        for file in sorted(folder.glob("[!.]*")):
            if not is_archived_intact(file):
                yield Issue("archived_file_changed", file.name, file=file.relative_to(paths.data).as_posix())


def check_current_release(paths: Paths) -> Iterator[Issue]:
    """Check that there is a current release and that it matches its manifest."""
    folder = find_current_folder(paths)
    if folder is None or not folder.is_dir():
        yield Issue("missing_current_release", folder.name) if folder is not None else Issue("no_release")
        return
    if is_copied_folder(paths):
        yield Issue("current_is_folder", file="releases/current")
    verified = retention.verify_release(paths, "current")
    if verified.issues:
        yield Issue("current_release_damaged", verified.release_id)
        yield from verified.issues


def check_temp_files(paths: Paths) -> Iterator[Issue]:
    """Check for files of interrupted work, unless a run is in progress, which then owns them."""
    if not is_running(paths):
        for pattern in _TEMP_FILES:
            for file in sorted(paths.data.glob(pattern)):
                yield Issue("stale_temp_file", file=file.relative_to(paths.data).as_posix())


def check_dagster_state(paths: Paths) -> Iterator[Issue]:
    """Check that the SQLite files of Dagster are intact."""
    for file in sorted((paths.state / "dagster").rglob("*.db")):
        try:
            with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
                answer = connection.execute("pragma quick_check(1)").fetchone()[0]
        except sqlite3.Error as error:
            answer = str(error)
        if answer not in ("ok", "database is locked"):
            yield Issue("dagster_storage_damaged", answer.splitlines()[0], file=file.relative_to(paths.data).as_posix())
