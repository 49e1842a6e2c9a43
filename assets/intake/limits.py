"""How much of a file is taken in: limits that a hostile or broken file runs into before it fills the machine.

Here: the limits and where they are configured. Not here: what is done at a limit (the module that reads).
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, PositiveInt

from assets.core.settings import read_settings


class Limits(BaseModel):
    """Limits of one file. Anything left out of `limits.yml` has the value given here."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file_bytes: PositiveInt = 20_000_000_000
    line_bytes: PositiveInt = 1_000_000
    row_lines: PositiveInt = 200
    columns: PositiveInt = 500
    sheets: PositiveInt = 100
    sheet_cells: PositiveInt = 20_000_000
    unpacked_bytes: PositiveInt = 1_000_000_000
    still_written_seconds: float = 1.0


def read_limits(file: Path) -> Limits:
    """The limits of one data directory; Stopped with what is wrong where its file cannot be read."""
    return read_settings(file, Limits, "limits_unreadable", "docs/intake.md")
