"""pandas with pandera: the rules as a schema, validated lazily so that every broken row is told."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pandera.pandas as pa

from benchmarks.peers.frames import Column, Rules, answer, read


def schema(rules: Rules) -> pa.DataFrameSchema:
    columns: dict[str, pa.Column] = {}
    for column in rules.columns:
        columns[column.name] = pa.Column(None, _of_text(column), nullable=not column.required)
        if column.is_number:
            columns[read(column.name)] = pa.Column(None, _of_number(column), nullable=True)
    return pa.DataFrameSchema(columns)


def _of_text(column: Column) -> list[pa.Check]:
    checks = [pa.Check.str_matches(column.pattern)] if column.is_number else []
    return checks + ([pa.Check.isin(column.allowed)] if column.allowed is not None else [])


def _of_number(column: Column) -> list[pa.Check]:
    checks = [pa.Check.ge(column.minimum)] if column.minimum is not None else []
    return checks + ([pa.Check.le(column.maximum)] if column.maximum is not None else [])


def broken(rows: pd.DataFrame, rules: Rules) -> pd.Index[Any]:
    try:
        schema(rules).validate(rows, lazy=True)
    except pa.errors.SchemaErrors as told:
        return pd.Index(told.failure_cases["index"].dropna().unique())
    return pd.Index([])


if __name__ == "__main__":
    answer(broken)
