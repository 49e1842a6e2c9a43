"""Writing the forms of a dataset: one workbook for each city.

Here: which cities and which year, and the deadline in words. Not here: the content of a form (assets.forms.form).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from assets.forms.form import build_form
from assets.forms.history import read_history
from assets.forms.registry import City, FormRegistry
from assets.forms.workbook import read_form_texts, write_form
from assets.intake.tables.contracts import Contract
from assets.release.read.reader import Release


def write_forms(
    registry: FormRegistry, release: Release | None, contract: Contract, cities: Sequence[City], year: int, folder: Path
) -> list[Path]:
    """Write the form of each city, with the earlier figures of a release, and return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for city in cities:
        form = build_form(
            registry, contract, city, year, read_history(release, registry, contract, city.city_code, year)
        )
        file = folder / form.file_name
        write_form(form, registry, file, due_sentence(contract, year))
        files.append(file)
    return files


def due_sentence(contract: Contract, year: int) -> str:
    """Return until when the figures of a year are due, in words; empty without a deadline."""
    day = contract.due.of_year(year) if contract.due is not None else None
    text: str = read_form_texts()["form"]["due"]
    return text.format(year=day.year, month=day.month, day=day.day) if day is not None else ""
