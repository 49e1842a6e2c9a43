"""The folders and files of one data directory.

Here: their paths. Not here: reading or writing them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from assets.core.errors import Issue, UsageError

PROJECT_ROOT = Path(__file__).resolve().parents[2]
_IN_WHEEL = PROJECT_ROOT / "assets" / "shipped"
# The folder of what the project ships beside its Python: `sql`, `data`, `dagster.yaml`. A wheel has it inside.
SHIPPED = _IN_WHEEL if _IN_WHEEL.is_dir() else PROJECT_ROOT
DATA_DIR_VARIABLE = "GANCHENG_DATA_DIR"


class _Below:
    """A path below the data directory."""

    def __init__(self, *parts: str) -> None:
        self._parts = parts

    def __get__(self, paths: Paths, owner: type[Paths]) -> Path:
        return paths.data.joinpath(*self._parts)


@dataclass(frozen=True, slots=True)
class Paths:
    """The paths of one data directory; `reference` and `contracts` must exist, runs create the others."""

    data: Path

    # What people write.
    reference = _Below("reference")
    contracts = _Below("contracts")
    inbox = _Below("inbox")
    settings = _Below("settings.yml")  # limits, schedules, engine and shared store (assets.core.settings)
    corrections = _Below("corrections")  # of known errors of a source
    approvals = _Below("approvals")  # of flagged values

    archive = _Below("archive")
    lake = _Below("lake")
    candidate = _Below("warehouse", "candidate.duckdb")  # a run writes it; readers open the published one
    snapshot = _Below("warehouse", "snapshot.duckdb")  # the copy of the candidate that is audited and then published
    blocked = _Below("warehouse", "blocked.duckdb")  # the last candidate that failed its audit
    check_pages = _Below("warehouse", "checks")  # the results of the checks of the candidate, as HTML pages
    releases = _Below("releases")
    staging = _Below("releases", ".building-draft")  # the folder of the next release while it is built
    current_release = _Below("releases", "current")
    metrics = _Below("metrics")  # of runs and releases, for the monitoring of the machine
    state = _Below("state")
    file_hashes = _Below("state", "seen")  # the cached hashes of the files in the inbox, a file for each dataset
    inbox_listings = _Below("state", "inbox")  # what the inbox held at the last run, a file for each dataset

    @classmethod
    def from_environment(cls) -> Paths:
        """Return the data directory of GANCHENG_DATA_DIR, else the working directory, else the one of the checkout.

        Raises:
            UsageError: the variable is not set, this is no data directory, and an installed wheel has no checkout.
        """
        if configured := os.environ.get(DATA_DIR_VARIABLE):
            return cls(Path(configured).expanduser().resolve())
        here = cls(Path.cwd())
        if here.reference.is_dir() and here.contracts.is_dir():
            return here
        if SHIPPED == _IN_WHEEL:
            raise UsageError(Issue("no_data_directory", str(here.data)))
        return cls(PROJECT_ROOT / "data")

    def check_complete(self) -> None:
        """Raise UsageError unless the folders exist that a person must have written."""
        missing = [folder.name for folder in (self.reference, self.contracts) if not folder.is_dir()]
        if missing:
            raise UsageError(Issue("incomplete_data_directory", ", ".join(missing), "reference/, contracts/"))

    def check_output(self, target: Path) -> None:
        """Raise UsageError where a file or folder to be written is below the releases, which never change."""
        if target.resolve().is_relative_to(self.releases.resolve()):
            raise UsageError(Issue("output_into_releases", str(target)))

    def archived(self, sha256: str) -> Path:
        """Return the file that holds the bytes with this hash."""
        return self.archive / sha256[:2] / sha256

    @property
    def sql(self) -> tuple[Path, ...]:
        """The folders of SQL: that of the project, then that of the data directory, which has precedence."""
        own = self.data / "sql"
        return (SHIPPED / "sql", own) if own.is_dir() else (SHIPPED / "sql",)
