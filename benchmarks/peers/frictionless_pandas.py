"""Frictionless validates the files by a table schema, and pandas does the rest."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pandas as pd
from frictionless import Resource, Schema, system

from benchmarks.peers.frames import Column, Rules, answer

_TYPES = {"number": "number", "integer": "integer"}


def _field(column: Column) -> dict[str, Any]:
    said = {"required": column.required, "minimum": column.minimum, "maximum": column.maximum, "enum": column.allowed}
    constraints = {name: value for name, value in said.items() if value is not None}
    return {"name": column.name, "type": _TYPES.get(column.type, "string"), "constraints": constraints}


def broken(rows: pd.DataFrame, rules: Rules) -> pd.Index[Any]:
    folder = Path(sys.argv[1]) / "inbox" / rules.dataset
    schema = {"fields": [_field(column) for column in rules.columns]}
    found: list[pd.DataFrame] = []
    with system.use_context(trusted=True):
        for file in sorted(folder.glob("*.csv")):
            resource = Resource(path=str(file), schema=Schema.from_descriptor(schema))
            errors = resource.validate(limit_errors=10**9).flatten(["rowNumber"])
            lines = sorted({number for (number,) in errors if number is not None})
            found.append(pd.DataFrame({"file": file.name, "line": lines}))
    told = pd.concat(found)
    is_told = pd.MultiIndex.from_frame(rows[["file", "line"]]).isin(pd.MultiIndex.from_frame(told))
    return rows.index[is_told]


if __name__ == "__main__":
    answer(broken)
