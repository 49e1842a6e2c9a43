"""Tables as numpy arrays and back, for the tables that Python computes.

Not here: the arithmetic (assets.scorecards.trend, assets.scorecards.rank_uncertainty).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assets.warehouse.connection import Connection, fetch_rows

Columns = dict[str, Sequence[Any]]
TableBuilder = Callable[[Connection], dict[str, Columns]]


def read_arrays(connection: Connection, sql: str) -> dict[str, NDArray[Any]]:
    """Return the columns of a query; a missing number is nan, another missing value None."""
    columns: dict[str, Any] = connection.execute(sql).fetchnumpy()
    return {name: _fill_mask(values) for name, values in columns.items()}


def _fill_mask(values: Any) -> NDArray[Any]:
    if not isinstance(values, np.ma.MaskedArray):
        return np.asarray(values)
    data, mask = np.asarray(values.data), np.ma.getmaskarray(values)
    kept: NDArray[Any] = data.astype(np.float64) if data.dtype.kind in "iuf" else data.astype(object)
    kept[mask] = np.nan if kept.dtype.kind == "f" else None
    return kept


def read_parameters(connection: Connection) -> dict[str, Any]:
    """Return the row of reference.parameters."""
    (parameters,) = fetch_rows(connection, "from reference.parameters")
    return parameters


def to_numbers(values: NDArray[Any]) -> NDArray[np.float64]:
    """Return values as doubles; None becomes nan."""
    return np.asarray(values, dtype=np.float64)


def to_integers(values: NDArray[np.float64]) -> list[int | None]:
    """Return whole numbers for a column; nan becomes None."""
    return [None if np.isnan(value) else int(value) for value in values]


def to_floats(values: NDArray[np.float64]) -> list[float | None]:
    """Return doubles for a column; nan becomes None."""
    return [None if np.isnan(value) else float(value) for value in values]


def to_columns(rows: list[dict[str, Any]]) -> Columns:
    """Return rows of the same keys as columns; no columns where there is no row."""
    return {name: [row[name] for row in rows] for name in (rows[0] if rows else ())}
