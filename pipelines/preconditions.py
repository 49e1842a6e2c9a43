"""What must hold before a run: one list, which a run raises and `gancheng doctor` shows.

What belongs here: conditions that are known without reading the files of the inbox. What does not: conditions that are
only known once the files are read (assets.quality), and what doctor finds besides (pipelines.cli.doctor).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from assets.core.data_dir_version import find_unreadable_versions
from assets.core.errors import DataError, Issue, IssueError, UsageError
from assets.core.paths import Paths
from assets.core.sealed import read_sealed
from assets.core.settings import read_settings
from assets.core.system import has_access
from pipelines.project import Project, load_project


@dataclass(frozen=True)
class Inspected:
    """A data directory whose conditions are checked; its project is loaded once."""

    paths: Paths

    @cached_property
    def project(self) -> Project:
        """The loaded data directory."""
        return load_project(self.paths)


def check_settings(inspected: Inspected) -> None:
    """The settings can be read."""
    read_settings(inspected.paths)


def check_project(inspected: Inspected) -> None:
    """Contracts, tables, models and checks can be read, and the tables have every column that a model reads.

    Only models of accepted rows depend on contracts, which may be of an earlier version; the others read tables that
    come with them, unless the data directory has SQL of its own.
    """
    from assets.warehouse.connection import DatabaseError, connect_in_memory

    project = inspected.project
    has_own_sql, issues = len(project.paths.sql) > 1, list[Issue]()
    models = [model for model in project.models.values() if has_own_sql or "intake." in model.sql]
    with connect_in_memory() as connection:
        for table in project.tables.values():
            if has_own_sql or any(table.qualified_name in model.sql for model in models):
                table.create(connection)
        for model in models:
            try:
                # Binding is enough; a plan takes ten times as long.
                connection.execute(f"create or replace temp view probe as {model.sql}")
                issue = model.compare_width(len(connection.execute("describe probe").fetchall()))
            except DatabaseError as error:
                issue = Issue("sql_does_not_fit", str(error).partition("\n")[0], file=f"{model.name}.sql")
            issues += [issue] if issue else []
    if issues:
        raise DataError(issues)


def check_registry(inspected: Inspected) -> None:
    """The reference tables are consistent, and contracts and corrections name only what they have."""
    from assets.intake.tables.contracts import check_contracts
    from assets.observations.corrections import check_registered, read_corrections
    from assets.reference.load import load_reference_tables
    from assets.warehouse.connection import connect_in_memory

    project = inspected.project
    names = {name: table for name, table in project.tables.items() if table.schema_name == "reference"}
    tables = load_reference_tables(names, project.paths)
    columns = {f"{table.name}.{column}" for table in names.values() for column in table.columns}
    datasets = {str(row["indicator_id"]): str(row["dataset"]) for row in tables["indicators"].rows}
    issues = list(check_contracts(project.contracts.values(), datasets, columns))
    entries = read_corrections(project.paths.corrections)
    if entries:
        with connect_in_memory() as connection:
            for name in ("indicators", "cities", "sources"):
                tables[name].write(connection)
            issues += check_registered(connection, entries)
    if issues:
        raise DataError(issues)


def check_approvals(inspected: Inspected) -> None:
    """The approvals can be read."""
    from assets.quality.approvals import read_decisions

    read_decisions(inspected.paths.approvals)


def check_versions(inspected: Inspected) -> None:
    """No newer program wrote lake and state."""
    issues = list(find_unreadable_versions(inspected.paths))
    if issues:
        raise UsageError(*issues)


def check_inbox(inspected: Inspected) -> None:
    """The inbox can be read, and is not the empty folder that an unmounted disk leaves.

    Only a machine that takes all files from a shared store, and never had an inbox, needs none.
    """
    paths = inspected.paths
    is_known = any(map(_had_files, paths.inbox_listings.glob("*.json")))
    if can_enter(paths.inbox, os.R_OK):
        if is_known and not any(paths.inbox.iterdir()):
            raise UsageError(Issue("inbox_not_mounted", file=str(paths.inbox)))
    elif is_known or os.path.lexists(paths.inbox) or read_settings(paths).storage.store is None:
        raise UsageError(Issue("folder_unreadable", expected="chmod u+rx", file=str(paths.inbox)))


def _had_files(listing: Path) -> bool:
    entries = read_sealed(listing) or {}
    return any(isinstance(entry, dict) and not entry.get("is_gone") for entry in entries.values())


def check_folders(inspected: Inspected) -> None:
    """The user can write all folders that a run writes."""
    paths = inspected.paths
    issues = [
        Issue("folder_unwritable", str(folder))
        for folder in (paths.archive, paths.lake, paths.candidate.parent, paths.releases, paths.state)
        if not can_enter(folder if os.path.lexists(folder) else paths.data, os.R_OK | os.W_OK)
    ]
    if issues:
        raise UsageError(*issues)


def can_enter(folder: Path, rights: int) -> bool:
    """Return whether a path is a folder that this user can enter with these rights."""
    return folder.is_dir() and has_access(folder, rights | os.X_OK)


# A condition may rely on those before it.
PRECONDITIONS = (
    check_folders,
    check_versions,
    check_settings,
    check_project,
    check_registry,
    check_approvals,
    check_inbox,
)


def require(paths: Paths) -> None:
    """Raise the first condition that does not hold, as DataError or UsageError."""
    inspected = Inspected(paths)
    for check in PRECONDITIONS:
        check(inspected)


def find_unmet(paths: Paths) -> list[Issue]:
    """Return an issue for everything that keeps a run from working, each once."""
    issues: dict[Issue, None] = {}
    inspected = Inspected(paths)
    for check in PRECONDITIONS:
        try:
            check(inspected)
        except IssueError as error:
            issues |= dict.fromkeys(error.issues)
        except OSError as error:
            # What cannot be read in a folder that is named already is no issue of its own.
            file = Path(str(error.filename))
            if not any(issue.actual and file.is_relative_to(issue.actual) for issue in issues):
                issues[Issue("folder_unwritable", str(file))] = None
    return list(issues)
