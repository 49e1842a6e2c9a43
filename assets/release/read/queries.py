"""The query layer: the selects of sql/presentation that terminal, report, workbook and documents read.

Here: reading them as data frames or as rows, and storing them as views in the published database. Not here: the
selects (sql/presentation), and how a value is shown (the presenters).

A program reads with its own select, never through the stored view: a release of an earlier version may have another
one, or none. The views are for people who query the database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from assets.core.errors import Issue, UsageError
from assets.core.paths import SHIPPED
from assets.release.read.reader import Release, Row
from assets.warehouse.connection import Connection, DatabaseError, quote_identifier, transaction

if TYPE_CHECKING:
    import pandas as pd

    from assets.warehouse.models import Model

SCHEMA = "presentation"
_FOLDER = SHIPPED / "sql" / SCHEMA


def load_views() -> list[Model]:
    """Return the views with their contracts, in the order of their names."""
    from assets.warehouse.models import Model
    from assets.warehouse.tables import read_table

    files = sorted(_FOLDER.glob("*.sql"))
    return [Model(read_table(file.with_suffix(".yml")), file.read_text(encoding="utf-8")) for file in files]


def build_views(connection: Connection, tables: Iterable[str]) -> list[Model]:
    """Return the views that read no other tables than these, with the one whose columns follow from the registry."""
    from assets.release.read.wide_scorecard import TABLES, build_wide_scorecard

    available = set(tables)
    views = [view for view in load_views() if available.issuperset(view.upstream)]
    return [*views, build_wide_scorecard(connection)] if available >= TABLES else views


def create_views(connection: Connection, tables: Iterable[str]) -> list[Model]:
    """Create and return the views, with their comments, in the current database; drop those of an earlier version.

    A view that reads another table than these is left out. The names in a view have two parts, so that it works
    wherever the file is opened.
    """
    views = build_views(connection, tables)
    with transaction(connection):
        connection.execute(f"drop schema if exists {SCHEMA} cascade; create schema {SCHEMA}")
        for view in views:
            connection.execute(f"create view {view.name} as {view.sql}")
            view.table.persist_docs(connection, kind="view")
    return views


def view_sql(name: str) -> str:
    """Return the select of a view, to be a part of another select."""
    return (_FOLDER / f"{name}.sql").read_text(encoding="utf-8")


def read_view(
    source: Connection | Release, name: str, order: Sequence[str] = (), limit: int | None = None, **filters: object
) -> pd.DataFrame:
    """Return a select as a data frame whose columns keep their types: an integer with gaps stays an integer.

    Args:
        source: A connection to the candidate or to a published database, or a release.
        name: A select of sql/presentation, or a table with its schema.
        order: The columns to sort by; without them all columns, from left to right.
        limit: How many rows to return at most.
        filters: The value that a column must have; a list or tuple names several.

    Raises:
        UsageError: the database has no such table or column.
    """
    import pandas as pd

    if isinstance(source, Release):
        with source.connect() as connection:
            return read_view(connection, name, order, limit, **filters)
    select, values = _select(name, order, limit, filters)
    try:
        source.complete()  # DuckDB refuses `sql` while a result of `execute` has rows that were not fetched
        frame: pd.DataFrame = source.sql(select, params=values).to_arrow_table().to_pandas(types_mapper=pd.ArrowDtype)
    except DatabaseError as error:
        raise UsageError(Issue("query_failed", str(error))) from error
    return frame


def count_rows(source: Connection, name: str, **filters: object) -> int:
    """Return the number of rows of a select; the arguments are those of `read_view`."""
    select, values = _select(name, (), None, filters)
    ((rows,),) = source.execute(f"select count(*) from ({select})", values).fetchall()
    return int(rows)


def to_rows(frame: pd.DataFrame) -> list[Row]:
    """Return a frame as dictionaries of plain values: None where a value is missing, and integers as int."""
    import pyarrow as pa

    rows: list[Row] = pa.Table.from_pandas(frame, preserve_index=False).to_pylist()
    return rows


def read_rows(release: Release, name: str, order: Sequence[str] = (), **filters: object) -> list[Row]:
    """Return the rows of a select from a release as dictionaries of plain values.

    The terminal reads so: pandas takes half a second to import. The arguments are those of `read_view`.

    Raises:
        UsageError: the release has no such table or column.
    """
    return release.rows(*_select(name, order, None, filters))


def _select(
    name: str, order: Sequence[str], limit: int | None, filters: Mapping[str, object]
) -> tuple[str, list[object]]:
    """Return the whole select and the values of its parameters."""
    values = {column: value if isinstance(value, list | tuple) else [value] for column, value in filters.items()}
    conditions = [f"{quote_identifier(column)} in ({', '.join('?' * len(each))})" for column, each in values.items()]
    table = name if "." in name else f"({view_sql(name)})"
    where = f" where {' and '.join(conditions)}" if conditions else ""
    rest = f" limit {limit}" if limit is not None else ""
    select = f"from {table}{where} order by {', '.join(order) or 'all'}{rest}"
    return select, [value for each in values.values() for value in each]
