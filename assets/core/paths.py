"""The folders and files of one data directory.

Here: their paths. Not here: reading or writing them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parents[2]
DATA_DIR_VARIABLE = "GANCHENG_DATA_DIR"


@dataclass(frozen=True, slots=True)
class Paths:
    """The paths of one data directory; `reference` and `contracts` must exist, runs create the others."""

    data: Path

    @classmethod
    def from_environment(cls) -> Paths:
        """Return the data directory of GANCHENG_DATA_DIR, else the one of the project."""
        configured = os.environ.get(DATA_DIR_VARIABLE)
        return cls(Path(configured).expanduser().resolve() if configured else PROJECT_ROOT / "data")

    @property
    def reference(self) -> Path:
        return self.data / "reference"

    @property
    def contracts(self) -> Path:
        return self.data / "contracts"

    @property
    def settings(self) -> Path:
        """Limits, schedules, engine and shared store (assets.core.settings); may be absent."""
        return self.data / "settings.yml"

    @property
    def corrections(self) -> Path:
        """Corrections of known errors of a source; may be absent."""
        return self.data / "corrections"

    @property
    def approvals(self) -> Path:
        """Approvals of flagged values; may be absent."""
        return self.data / "approvals"

    @property
    def inbox(self) -> Path:
        return self.data / "inbox"

    @property
    def archive(self) -> Path:
        return self.data / "archive"

    def archived(self, sha256: str) -> Path:
        """Return the file that holds the bytes with this hash."""
        return self.archive / sha256[:2] / sha256

    @property
    def lake(self) -> Path:
        return self.data / "lake"

    @property
    def candidate(self) -> Path:
        """The database that a run writes; readers open the published one."""
        return self.data / "warehouse" / "candidate.duckdb"

    @property
    def check_pages(self) -> Path:
        """The results of the checks of the candidate, as HTML pages."""
        return self.data / "warehouse" / "checks"

    @property
    def snapshot(self) -> Path:
        """The copy of the candidate that is audited and then published."""
        return self.candidate.with_name("snapshot.duckdb")

    @property
    def blocked(self) -> Path:
        """The last candidate that failed its audit."""
        return self.candidate.with_name("blocked.duckdb")

    @property
    def releases(self) -> Path:
        return self.data / "releases"

    @property
    def staging(self) -> Path:
        """The folder of the next release while it is built."""
        return self.releases / ".building-draft"

    @property
    def current_release(self) -> Path:
        return self.releases / "current"

    @property
    def metrics(self) -> Path:
        """Metrics of runs and releases, for the monitoring of the machine."""
        return self.data / "metrics"

    @property
    def state(self) -> Path:
        return self.data / "state"

    @property
    def file_hashes(self) -> Path:
        """The cached hashes of the files in the inbox, a file for each dataset."""
        return self.state / "seen"

    @property
    def inbox_listings(self) -> Path:
        """What the inbox held at the last run, a file for each dataset."""
        return self.state / "inbox"

    @property
    def sql(self) -> tuple[Path, ...]:
        """The folders of SQL: that of the project, then that of the data directory, which has precedence."""
        own = self.data / "sql"
        return (PROJECT_ROOT / "sql", own) if own.is_dir() else (PROJECT_ROOT / "sql",)
