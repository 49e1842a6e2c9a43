"""Recomputing the scores of a release from its own tables, by the SQL that it was made with.

Here: the tables of a release as relations, running its models over them in memory, and the scores in one long form.
Not here: what is replaced before recomputing (assets.release.explain.score_diff, assets.release.explain.scenario).
Nothing is ever written to a release: its database is attached read-only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

from assets.release.publish.file_names import DATABASE
from assets.warehouse.connection import Connection, DatabaseError, quote_identifier, quote_literal
from assets.warehouse.models import Model
from assets.warehouse.tables import Table

MODELS = "release.models"
_RECOMPUTED = "scorecards."

# The tables that `keep_scores` reads.
SCORES = tuple(f"{_RECOMPUTED}{level}_scores" for level in ("city", "dimension", "measure", "indicator"))
# Every level of scores in one form; what a level does not have is null.
_LONG_FORM = """
    select 'index' as level, city_code, 'all' as item_id, city_index as score, index_status as score_status,
        cast(null as varchar) as status from scorecards.city_scores
    union all
    select 'available_mean', city_code, 'all', available_mean, null, null from scorecards.city_scores
    union all
    select 'dimension', city_code, dimension_id, score, score_status, null from scorecards.dimension_scores
    union all
    select 'measure', city_code, cast(measure_id as varchar), score, score_status, null from scorecards.measure_scores
    union all
    select 'indicator', city_code, indicator_id, attainment, data_status, status from scorecards.indicator_scores
"""


@dataclass(frozen=True, slots=True)
class ModelText:
    """A select as it was released: the table that it makes and the tables that it reads."""

    name: str
    sql: str
    reads: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReleaseModels:
    """The tables of one release: for each qualified name a select of its rows, and the models that made them."""

    selects: Mapping[str, str]
    models: tuple[ModelText, ...]

    def replacing(self, selects: Mapping[str, str]) -> ReleaseModels:
        return ReleaseModels({**self.selects, **selects}, self.models)


def attach_release(connection: Connection, folder: Path, alias: str) -> ReleaseModels:
    """The release in a folder, as a snapshot on this connection."""
    connection.execute(f"attach {quote_literal(folder / DATABASE)} as {quote_identifier(alias)} (read_only)")
    found = connection.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = ? order by all", [alias]
    ).fetchall()
    database = quote_identifier(alias)
    selects = {
        f"{schema}.{table}": f"select * from {database}.{quote_identifier(schema)}.{quote_identifier(table)}"
        for schema, table in found
    }
    return _snapshot(connection, selects)


def attach_parquet(connection: Connection, folder: Path, tables: Iterable[Table]) -> ReleaseModels:
    """A release that is being built: its Parquet files are written, its database is not."""
    files = {table.qualified_name: folder / "parquet" / f"{table.name}.parquet" for table in tables}
    selects = {
        name: f"select * from read_parquet({quote_literal(file)})" for name, file in files.items() if file.is_file()
    }
    return _snapshot(connection, selects)


def write_models(connection: Connection, table: Table, models: Iterable[Model]) -> None:
    """The table of the models, in the candidate."""
    rows = ((model.name, model.version, ", ".join(model.upstream), model.sql) for model in models)
    table.load_rows(connection, rows)


def _snapshot(connection: Connection, selects: Mapping[str, str]) -> ReleaseModels:
    """What a release says of itself, its models and changes, is no table that a model reads."""
    read = {name: select for name, select in selects.items() if not name.startswith("release.")}
    return ReleaseModels(read, _models(connection, selects))


def _models(connection: Connection, selects: Mapping[str, str]) -> tuple[ModelText, ...]:
    """The models that a release carries; none in one from before they were published."""
    if MODELS not in selects:
        return ()
    rows = connection.execute(f"select name, sql, reads from ({selects[MODELS]}) order by name").fetchall()
    return tuple(ModelText(name, sql, tuple(filter(None, reads.split(", ")))) for name, sql, reads in rows)


def create_views(connection: Connection, selects: Mapping[str, str]) -> None:
    """Every table of a snapshot under its own name, and nothing else under these schemas."""
    for schema in sorted({name.split(".")[0] for name in selects}):
        connection.execute(f"drop schema if exists {quote_identifier(schema)} cascade")
        connection.execute(f"create schema {quote_identifier(schema)}")
    for name, select in selects.items():
        connection.execute(f"create view {_quoted(name)} as {select}")


def rebuild(connection: Connection, snapshot: ReleaseModels) -> list[str]:
    """Show the snapshot with its scores made anew; returns the models that could not be run and stay as published.

    One cannot be run where a table or column that it reads is not in the release.
    """
    create_views(connection, snapshot.selects)
    return _make(connection, snapshot, sort_models(snapshot.models))


def rebuild_downstream(connection: Connection, snapshot: ReleaseModels, names: Collection[str]) -> list[str]:
    """Show these tables as the snapshot has them, and make anew what rests on them; all else stands as it was made.

    Returns the models that could not be run, as `recompute` does. The snapshot has the models that were shown.
    """
    for name in names:
        _show_one(connection, name, snapshot.selects[name])
    return _make(connection, snapshot, downstream_of(snapshot.models, names))


def _make(connection: Connection, snapshot: ReleaseModels, models: Iterable[ModelText]) -> list[str]:
    left = []
    for model in models:
        try:
            # The result may be read by the view that it replaces, under the same name.
            connection.execute(f"create or replace temp table made_anew as {model.sql}")
        except DatabaseError:
            left.append(model.name)
            if model.name in snapshot.selects:
                _show_one(connection, model.name, snapshot.selects[model.name])
            continue
        connection.execute(f"create schema if not exists {quote_identifier(model.name.split('.')[0])}")
        _forget(connection, model.name)
        connection.execute(f"create table {_quoted(model.name)} as select * from made_anew")
    return left


def _show_one(connection: Connection, name: str, select: str) -> None:
    _forget(connection, name)
    connection.execute(f"create view {_quoted(name)} as {select}")


def _forget(connection: Connection, name: str) -> None:
    """Drop what stands under this name: a view where it is shown, a table where it was made."""
    found = connection.execute(
        "select table_type from information_schema.tables "
        "where table_catalog = current_database() and table_schema = ? and table_name = ?",
        name.split("."),
    ).fetchone()
    if found is not None:
        connection.execute(f"drop {'view' if found[0] == 'VIEW' else 'table'} {_quoted(name)}")


def downstream_of(models: Sequence[ModelText], names: Collection[str]) -> list[ModelText]:
    """The models that make scores and read one of these tables, directly or through each other, in their order."""
    moved, found = set(names), []
    for model in sort_models(models):
        if moved & set(model.reads):
            moved.add(model.name)
            found.append(model)
    return found


def upstream_of(models: Sequence[ModelText], names: Collection[str]) -> tuple[ModelText, ...]:
    """The models that make these scores, and those that they rest on."""
    wanted, found = set(names), []
    for model in reversed(sort_models(models)):
        if model.name in wanted:
            wanted |= set(model.reads)
            found.append(model)
    return tuple(found)


def sort_models(models: Sequence[ModelText]) -> list[ModelText]:
    """The models that make scores, each after those that it reads."""
    scores = {model.name: model for model in models if model.name.startswith(_RECOMPUTED)}
    graph = {name: sorted(set(model.reads) & set(scores)) for name, model in sorted(scores.items())}
    return [scores[name] for name in TopologicalSorter(graph).static_order()]


def save_scores(connection: Connection, name: str) -> None:
    """Keep what the scores are now, in the long form, as a table of this name."""
    connection.execute(f"create or replace temp table {quote_identifier(name)} as {_LONG_FORM}")


def list_columns(connection: Connection, select: str) -> dict[str, str]:
    """Names and types of the columns of a select."""
    return {str(row[0]): str(row[1]) for row in connection.execute(f"describe {select}").fetchall()}


def _quoted(name: str) -> str:
    schema, table = name.split(".")
    return f"{quote_identifier(schema)}.{quote_identifier(table)}"
