"""What is wrong with an installation, and how to mend it.

Here: looking, quickly and without changing anything. Not here: mending (every finding says how), the data (the checks
of a run), and telling what an error meant once it has happened (pipelines.observability.system_errors).
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

from assets.core.data_dir_version import PRIVATE_MODE, find_unreadable_versions
from assets.core.errors import DataError, Issue, UsageError
from assets.core.object_store import open_store
from assets.core.paths import Paths
from assets.core.settings import read_settings
from assets.core.sync_state import RECEIPTS
from assets.intake.receipts.archive import UNARCHIVED_REFUSALS
from assets.intake.receipts.receipts import Receipt, missing_results, read_receipts
from assets.release.publish import retention
from pipelines.locks import is_running

PACKAGE = "gancheng"
_MEGABYTE = 1_000_000
_LEAST_FREE = 500 * _MEGABYTE
_LEFTOVERS = (
    ("releases", ".building-*"),
    ("releases", ".current-*"),
    ("releases", ".pruning-*"),
    ("warehouse", "snapshot.duckdb"),
    ("lake", "*/.work-*"),
    ("archive", ".arriving-*"),
    ("warehouse", ".returns-*"),
)


def diagnose(paths: Paths) -> list[Issue]:
    """Everything that is wrong, what keeps a run from working first; empty where all is well."""
    checks: tuple[Callable[[Paths], Iterable[Issue]], ...] = (
        check_settings,
        check_store,
        check_disk,
        check_folders,
        find_unreadable_versions,
        check_packages,
        check_receipts,
        check_current_release,
        check_temp_files,
        check_dagster_state,
    )
    return [issue for check in checks for issue in check(paths)]


def check_settings(paths: Paths) -> list[Issue]:
    """Contracts, tables, checks and an engine that cannot be read."""
    from pipelines.project import load_project

    issues: list[Issue] = []
    for read in (load_project, read_settings):
        try:
            read(paths)
        except DataError as error:
            issues += error.issues
        except UsageError as error:
            issues.append(error.issue)
    return issues


def check_store(paths: Paths) -> list[Issue]:
    """A shared store that is set wrongly, does not answer, lets us not in, or is of a newer program."""
    try:
        shared = open_store(paths)
        if shared is not None:
            shared.listed(RECEIPTS)
    except DataError:
        return []  # check_settings reports them
    except UsageError as call:
        return [call.issue]
    return []


def check_disk(paths: Paths, least: int = _LEAST_FREE) -> Iterator[Issue]:
    """Too little room: a run writes the candidate and a release beside the ones that are there."""
    made = (paths.candidate, *paths.current_release.resolve().rglob("*"))
    needed = max(least, 2 * sum(file.stat().st_size for file in made if file.is_file()))
    place = next(folder for folder in (paths.data, *paths.data.parents) if folder.is_dir())
    free = shutil.disk_usage(place).free
    if free < needed:
        yield Issue("disk_nearly_full", str(free // _MEGABYTE), str(needed // _MEGABYTE))


def check_folders(paths: Paths) -> Iterator[Issue]:
    """Folders that the user who asks cannot read or write, and a state that others can look into."""
    inboxes = [paths.inbox]
    if _may(paths.inbox, os.R_OK):
        inboxes += [folder for folder in sorted(paths.inbox.iterdir()) if folder.is_dir() and not folder.is_symlink()]
    for folder in inboxes:
        if not _may(folder, os.R_OK):
            yield Issue("folder_unreadable", expected="chmod u+rx", file=str(folder))
    for folder in (paths.archive, paths.lake, paths.candidate.parent, paths.releases, paths.state):
        place = folder if folder.exists() else paths.data
        if not _may(place, os.R_OK | os.W_OK):
            yield Issue("folder_unwritable", str(folder))
    if paths.state.is_dir() and (mode := paths.state.stat().st_mode & 0o777) & 0o077:
        yield Issue("insecure_state_folder", f"{mode:03o}", f"{PRIVATE_MODE:03o} {paths.state}")


def _may(folder: Path, rights: int) -> bool:
    return folder.is_dir() and os.access(folder, rights | os.X_OK, effective_ids=True)


def check_packages(_paths: Paths | None = None, required: Iterable[str] | None = None) -> Iterator[Issue]:
    """Python and packages that are not those which the project requires."""
    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet

    python = metadata.metadata(PACKAGE)["Requires-Python"]
    if required is None and not SpecifierSet(python).contains(platform.python_version()):
        yield Issue("package_version_mismatch", f"Python {platform.python_version()}", f"Python {python}")
    for text in metadata.requires(PACKAGE) or () if required is None else required:
        wanted = Requirement(text)
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
            continue
        try:
            found = metadata.version(wanted.name)
        except metadata.PackageNotFoundError:
            yield Issue("package_version_mismatch", wanted.name, str(wanted))
            continue
        if not wanted.specifier.contains(found, prereleases=True):
            yield Issue("package_version_mismatch", f"{wanted.name} {found}", str(wanted))


def check_receipts(paths: Paths) -> Iterator[Issue]:
    """Receipts that are broken or of the future, and what they stand for that is gone."""
    for folder in sorted(paths.lake.glob("[!.]*/")):
        try:
            known = read_receipts(folder)
        except DataError as stopped:
            yield from stopped.issues
            continue
        for receipt in known:
            yield from _of_receipt(paths, folder, receipt)


def _of_receipt(paths: Paths, folder: Path, receipt: Receipt) -> Iterator[Issue]:
    for file in missing_results(folder, receipt):
        yield Issue("missing_intake_results", file=f"lake/{folder.name}/{file.name}")
    archived = paths.archived(receipt.file_sha256)
    if not any(refusal["code"] in UNARCHIVED_REFUSALS for refusal in receipt.refusals):
        if not archived.is_file():
            yield Issue("missing_archived_file", receipt.file_sha256, file=receipt.file)
        elif archived.stat().st_size != receipt.bytes:
            yield Issue("archived_file_changed", receipt.file_sha256, file=receipt.file)
    if receipt.received_at > datetime.now(UTC):
        yield Issue("clock_behind", receipt.received_at.isoformat(), file=receipt.file)


def check_current_release(paths: Paths) -> Iterator[Issue]:
    """No current release, one that is gone, or one that is not as its manifest says."""
    link = paths.current_release
    if not link.exists():
        yield Issue("missing_current_release", link.readlink().name) if link.is_symlink() else Issue("no_release")
        return
    verified = retention.verify_release(paths, "current")
    if verified.issues:
        yield Issue("current_release_damaged", verified.release_id)
        yield from verified.issues


def check_temp_files(paths: Paths) -> Iterator[Issue]:
    """What interrupted work left; nothing while a run is at work, whose files these then are."""
    if not is_running(paths):
        for folder, pattern in _LEFTOVERS:
            for found in sorted((paths.data / folder).glob(pattern)):
                yield Issue("stale_temp_file", file=found.relative_to(paths.data).as_posix())


def check_dagster_state(paths: Paths) -> Iterator[Issue]:
    """SQLite files of Dagster that are no longer sound."""
    for file in sorted((paths.state / "dagster").rglob("*.db")):
        try:
            with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
                answer = connection.execute("pragma quick_check(1)").fetchone()[0]
        except sqlite3.Error as error:
            answer = str(error)
        if answer not in ("ok", "database is locked"):
            yield Issue("dagster_storage_damaged", answer.splitlines()[0], file=file.relative_to(paths.data).as_posix())
