"""Where everything lives, below one data directory.

Here: names of folders and files. Not here: reading or writing them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parents[2]
DATA_DIR_VARIABLE = "GANCHENG_DATA_DIR"


@dataclass(frozen=True, slots=True)
class Paths:
    """The folders of one data directory; `reference` and `contracts` are given, the rest is made by runs."""

    data: Path

    @classmethod
    def from_environment(cls) -> Paths:
        """The data directory named by GANCHENG_DATA_DIR, else the one shipped with the project."""
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
        """Known errors of a source, as data; the folder may be missing."""
        return self.data / "corrections"

    @property
    def approvals(self) -> Path:
        """Flagged values that a person let pass, as data; the folder may be missing."""
        return self.data / "approvals"

    @property
    def inbox(self) -> Path:
        return self.data / "inbox"

    @property
    def archive(self) -> Path:
        return self.data / "archive"

    def archived(self, sha256: str) -> Path:
        """Where the bytes with this hash are kept."""
        return self.archive / sha256[:2] / sha256

    @property
    def lake(self) -> Path:
        return self.data / "lake"

    @property
    def candidate(self) -> Path:
        """The DuckDB file that a run writes; readers never open it, they open the published one."""
        return self.data / "warehouse" / "candidate.duckdb"

    @property
    def check_pages(self) -> Path:
        """How the checks of the candidate came out, as pages."""
        return self.data / "warehouse" / "checks"

    @property
    def snapshot(self) -> Path:
        """A copy of the candidate: what is audited, and then published."""
        return self.candidate.with_name("snapshot.duckdb")

    @property
    def blocked(self) -> Path:
        """The last candidate that failed its audit, kept aside for a look."""
        return self.candidate.with_name("blocked.duckdb")

    @property
    def releases(self) -> Path:
        return self.data / "releases"

    @property
    def staging(self) -> Path:
        """The folder of the next release while it is made."""
        return self.releases / ".building-draft"

    @property
    def current_release(self) -> Path:
        return self.releases / "current"

    @property
    def metrics(self) -> Path:
        """What is measured of runs and releases, for the monitoring of the machine to read."""
        return self.data / "metrics"

    @property
    def state(self) -> Path:
        return self.data / "state"

    @property
    def seen(self) -> Path:
        """What was seen of the files of the inbox, a note for each dataset."""
        return self.state / "seen"

    @property
    def sql(self) -> tuple[Path, ...]:
        """The project's models, then those that the data directory brings for datasets of its own."""
        own = self.data / "sql"
        return (PROJECT_ROOT / "sql", own) if own.is_dir() else (PROJECT_ROOT / "sql",)
