"""The number of a form, which stands above its table: dataset, city, year and version of the contract.

Here: writing it and finding it in the titles of a file. Not here: making a form (assets.forms), and how its rows are
read (assets.intake.rows.validator).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from assets.intake.tables.row_kinds import plain_form

_FORM_ID = re.compile(r"gc-([a-z][a-z0-9_]*)-([0-9]{6})-([0-9]{4})-([0-9a-f]{8})(?![0-9a-z])")


@dataclass(frozen=True, slots=True)
class FormId:
    """The number of a form; `version` is that of the contract from which it was made."""

    dataset: str
    city_code: str
    year: int
    version: str

    def __str__(self) -> str:
        """The number as it is printed on the form."""
        return f"GC-{self.dataset}-{self.city_code}-{self.year}-{self.version}"


def find_form_id(texts: Iterable[str]) -> FormId | None:
    """Return the first number of a form in texts, None without one."""
    matches = (_FORM_ID.search(plain_form(text)) for text in texts)
    match = next(filter(None, matches), None)
    return None if match is None else FormId(match[1], match[2], int(match[3]), match[4])
