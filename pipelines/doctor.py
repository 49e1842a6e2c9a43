"""What is wrong with an installation, and how to mend it.

Here: looking, quickly and without changing anything. Not here: mending (every finding says how), the data (the checks
of a run), and telling what an error meant once it has happened (pipelines.faults).
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

from assets.errors import Finding, Stopped, WrongCall
from assets.installation import PRIVATE, unreadable_versions
from assets.intake.archive import REFUSED_UNREAD
from assets.intake.ledger import Receipt, lost_results, read_receipts
from assets.paths import Paths
from assets.release import keeping
from assets.settled import RECEIPTS
from assets.storage import opened
from assets.warehouse.engines import read_engine
from pipelines.lock import is_running

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


def examine(paths: Paths) -> list[Finding]:
    """Everything that is wrong, what keeps a run from working first; empty where all is well."""
    checks: tuple[Callable[[Paths], Iterable[Finding]], ...] = (
        settings,
        store,
        disk,
        folders,
        unreadable_versions,
        packages,
        receipts,
        current,
        leftovers,
        dagster_state,
    )
    return [finding for check in checks for finding in check(paths)]


def settings(paths: Paths) -> list[Finding]:
    """Contracts, tables, checks and an engine that cannot be read."""
    from pipelines.house import read_house

    try:
        read_house(paths)
        read_engine(paths.engine)
    except Stopped as stopped:
        return list(stopped.findings)
    except WrongCall as call:
        return [call.finding]
    return []


def store(paths: Paths) -> list[Finding]:
    """A shared store that is set wrongly, does not answer, lets us not in, or is of a newer program."""
    try:
        shared = opened(paths)
        if shared is not None:
            shared.listed(RECEIPTS)
    except Stopped as stopped:
        return list(stopped.findings)
    except WrongCall as call:
        return [call.finding]
    return []


def disk(paths: Paths, least: int = _LEAST_FREE) -> Iterator[Finding]:
    """Too little room: a run writes the candidate and a release beside the ones that are there."""
    made = (paths.candidate, *paths.current_release.resolve().rglob("*"))
    needed = max(least, 2 * sum(file.stat().st_size for file in made if file.is_file()))
    place = next(folder for folder in (paths.data, *paths.data.parents) if folder.is_dir())
    free = shutil.disk_usage(place).free
    if free < needed:
        yield Finding("disk_nearly_full", str(free // _MEGABYTE), str(needed // _MEGABYTE))


def folders(paths: Paths) -> Iterator[Finding]:
    """Folders that the user who asks cannot read or write, and a state that others can look into."""
    inboxes = [paths.inbox]
    if _may(paths.inbox, os.R_OK):
        inboxes += [folder for folder in sorted(paths.inbox.iterdir()) if folder.is_dir() and not folder.is_symlink()]
    for folder in inboxes:
        if not _may(folder, os.R_OK):
            yield Finding("folder_unreadable", expected="chmod u+rx", file=str(folder))
    for folder in (paths.archive, paths.lake, paths.candidate.parent, paths.releases, paths.state):
        place = folder if folder.exists() else paths.data
        if not _may(place, os.R_OK | os.W_OK):
            yield Finding("folder_unwritable", str(folder))
    if paths.state.is_dir() and (mode := paths.state.stat().st_mode & 0o777) & 0o077:
        yield Finding("state_open", f"{mode:03o}", f"{PRIVATE:03o} {paths.state}")


def _may(folder: Path, rights: int) -> bool:
    return folder.is_dir() and os.access(folder, rights | os.X_OK, effective_ids=True)


def packages(_paths: Paths | None = None, required: Iterable[str] | None = None) -> Iterator[Finding]:
    """Python and packages that are not those which the project requires."""
    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet

    python = metadata.metadata(PACKAGE)["Requires-Python"]
    if required is None and not SpecifierSet(python).contains(platform.python_version()):
        yield Finding("package_differs", f"Python {platform.python_version()}", f"Python {python}")
    for text in metadata.requires(PACKAGE) or () if required is None else required:
        wanted = Requirement(text)
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
            continue
        try:
            found = metadata.version(wanted.name)
        except metadata.PackageNotFoundError:
            yield Finding("package_differs", wanted.name, str(wanted))
            continue
        if not wanted.specifier.contains(found, prereleases=True):
            yield Finding("package_differs", f"{wanted.name} {found}", str(wanted))


def receipts(paths: Paths) -> Iterator[Finding]:
    """Receipts that are broken or of the future, and what they stand for that is gone."""
    for folder in sorted(paths.lake.glob("[!.]*/")):
        try:
            known = read_receipts(folder)
        except Stopped as stopped:
            yield from stopped.findings
            continue
        for receipt in known:
            yield from _of_receipt(paths, folder, receipt)


def _of_receipt(paths: Paths, folder: Path, receipt: Receipt) -> Iterator[Finding]:
    for file in lost_results(folder, receipt):
        yield Finding("results_lost", file=f"lake/{folder.name}/{file.name}")
    archived = paths.archived(receipt.file_sha256)
    if not any(refusal["code"] in REFUSED_UNREAD for refusal in receipt.refusals):
        if not archived.is_file():
            yield Finding("archive_lost", receipt.file_sha256, file=receipt.file)
        elif archived.stat().st_size != receipt.bytes:
            yield Finding("archive_changed", receipt.file_sha256, file=receipt.file)
    if receipt.received_at > datetime.now(UTC):
        yield Finding("clock_behind", receipt.received_at.isoformat(), file=receipt.file)


def current(paths: Paths) -> Iterator[Finding]:
    """No current release, one that is gone, or one that is not as its manifest says."""
    link = paths.current_release
    if not link.exists():
        yield Finding("current_lost", link.readlink().name) if link.is_symlink() else Finding("no_release")
        return
    verified = keeping.verify(paths, "current")
    if verified.findings:
        yield Finding("current_damaged", verified.release_id)
        yield from verified.findings


def leftovers(paths: Paths) -> Iterator[Finding]:
    """What interrupted work left; nothing while a run is at work, whose files these then are."""
    if not is_running(paths):
        for folder, pattern in _LEFTOVERS:
            for found in sorted((paths.data / folder).glob(pattern)):
                yield Finding("half_done", file=found.relative_to(paths.data).as_posix())


def dagster_state(paths: Paths) -> Iterator[Finding]:
    """SQLite files of Dagster that are no longer sound."""
    for file in sorted((paths.state / "dagster").rglob("*.db")):
        try:
            with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
                answer = connection.execute("pragma quick_check(1)").fetchone()[0]
        except sqlite3.Error as error:
            answer = str(error)
        if answer not in ("ok", "database is locked"):
            yield Finding("dagster_broken", answer.splitlines()[0], file=file.relative_to(paths.data).as_posix())
