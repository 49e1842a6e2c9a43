"""Which header is which column: by name or by an alias of the contract, never by likeness."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from assets.errors import Finding
from assets.intake.contracts import Dataset, written


def match_headers(headers: Sequence[str], contract: Dataset, line: int) -> tuple[list[str], list[Finding]]:
    """The column of each header, in the order of the file, and every fault of the header row on `line`."""
    known = {
        written(form): name for name, field in contract.columns.items() for form in (name, field.zh, *field.aliases)
    }
    columns: list[str] = []
    findings: list[Finding] = []
    for header in headers:
        column = known.get(written(header))
        if column is None:
            nearest = difflib.get_close_matches(written(header), list(known), n=1, cutoff=0.0)
            findings.append(Finding("header_unknown", header, nearest[0] if nearest else "", line=line, column=header))
        elif column in columns:
            findings.append(Finding("header_doubled", header, column, line=line, column=header))
        else:
            columns.append(column)
    if findings:
        # An unknown header may be a required one that was misspelt; it would be told twice.
        return columns, findings
    for name, field in contract.columns.items():
        if field.required and name not in columns:
            expected = ", ".join((name, *field.aliases))
            findings.append(Finding("header_missing", name, expected, line=line, column=name))
    return columns, findings
