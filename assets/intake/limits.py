"""Limits of input files, so that a hostile or broken file cannot fill the memory or the disk.

Here: the limits and how they are configured. Not here: what happens at a limit (the module that reads).
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, PositiveInt

from assets.core.settings import read_settings


class Limits(BaseModel):
    """The limits of one file; what `limits.yml` does not set has the value given here."""

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
    """Return the limits of a data directory; raise DataError where the file is invalid."""
    return read_settings(file, Limits, "invalid_limits", "docs/intake.md")
