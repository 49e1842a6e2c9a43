"""What a release contains for queries: its tables and views with their rows, and their columns, with their meaning.

Here: reading the comments of the database. Not here: the contracts that they come from (assets.warehouse.tables).
"""

from __future__ import annotations

from assets.core.i18n import Language
from assets.release.read.reader import Release, Row

_TABLES = """
    from (
        select schema_name || '.' || table_name as "table", estimated_size as rows, comment from duckdb_tables()
        union all
        select schema_name || '.' || view_name, null, comment from duckdb_views() where not internal
    )
    order by "table"[1:3] in ('en.', '中文.'), "table"
"""
_COLUMNS = """
    select column_name as "column", lower(data_type) as type, comment
    from duckdb_columns()
    where not internal and lower(schema_name || '.' || table_name) = (
        select min(lower(schema_name || '.' || table_name)) from duckdb_columns()
        where not internal and (
            lower($1) = lower(schema_name || '.' || table_name)
            or (schema_name <> 'en' and lower($1) = lower(table_name))
        )
    )
    order by column_index
"""


def list_tables(release: Release) -> list[Row]:
    """Return every table and view with its number of rows, None for a view, and its meaning as `zh` and `en`."""
    return [_split_comment(row) for row in release.rows(_TABLES)]


def select_tables(tables: list[Row], language: Language) -> list[Row]:
    """Return the tables without the views whose names are in the other language."""
    other = "en." if language == "zh" else "中文."
    return [row for row in tables if not row["table"].startswith(other)]


def list_columns(release: Release, table: str) -> list[Row]:
    """Return the columns of a table or view, named with or without its schema; none where there is no such table."""
    return [_split_comment(row) for row in release.rows(_COLUMNS, [table])]


def _split_comment(row: Row) -> Row:
    zh, _, en = (row["comment"] or "").partition(" | ")
    return {**{name: value for name, value in row.items() if name != "comment"}, "zh": zh, "en": en}
