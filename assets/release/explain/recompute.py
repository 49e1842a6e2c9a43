"""Recomputing the scores of a release in memory, from its own tables and by its own SQL.

Here: the tables and models of a release as selects, and running the models. Not here: which tables are replaced first
(assets.release.explain.score_diff, assets.release.explain.scenario). The release is attached read-only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

from assets.release.publish.staging import parquet_file
from assets.release.read.reader import Row
from assets.warehouse.connection import Connection, DatabaseError, fetch_rows, quote_identifier, quote_literal
from assets.warehouse.models import Model
from assets.warehouse.tables import Table

MODELS = "release.models"
_SCORES = "scorecards."
# The models that are run again: those of scores, and the current figures with the derived ones, which they read.
_RECOMPUTED = (_SCORES, "observations.current_", "observations.derived_")
_FIGURES = ("observations.", _SCORES)

# The tables that `save_scores` reads.
SCORES = tuple(f"{_SCORES}{level}_scores" for level in ("city", "dimension", "measure", "indicator"))
# One form for the scores of every level. An attainment is a range without open points, and part of no basket.
_LONG_FORM = """
    select 'index' as level, basket_id, city_code, 'all' as item_id, evidenced, possible, rank, score_status,
        cast(null as varchar) as status from scorecards.city_scores
    union all
    select 'dimension', basket_id, city_code, dimension_id, evidenced, possible, rank, score_status, null
    from scorecards.dimension_scores
    union all
    select 'measure', basket_id, city_code, cast(measure_id as varchar), evidenced, possible, rank, score_status, null
    from scorecards.measure_scores
    union all
    select 'indicator', '', city_code, indicator_id, attainment, attainment,
        if(attainment is null, null, rank() over (partition by indicator_id order by attainment desc nulls last)),
        data_status, status
    from scorecards.indicator_scores
"""
_WITH_NAMES = """
    select
        scores.*,
        coalesce(cities.name_zh, scores.city_code) as city_zh,
        coalesce(cities.name_en, scores.city_code) as city_en,
        coalesce(indicators.name_zh, dimensions.name_zh, measures.title_zh, scores.item_id) as item_zh,
        coalesce(indicators.name_en, dimensions.name_en, measures.title_en, scores.item_id) as item_en,
        coalesce(baskets.name_zh, scores.basket_id) as basket_zh,
        coalesce(baskets.name_en, scores.basket_id) as basket_en
    from ({rows}) as scores
    left join reference.cities as cities on scores.city_code = cities.city_code
    left join reference.baskets as baskets on scores.basket_id = baskets.basket_id
    left join reference.indicators as indicators
        on scores.level = 'indicator' and scores.item_id = indicators.indicator_id
    left join reference.dimensions as dimensions
        on scores.level = 'dimension' and scores.item_id = dimensions.dimension_id
    left join reference.measures as measures
        on scores.level = 'measure' and scores.item_id = cast(measures.measure_id as varchar)
    order by
        list_position(['index', 'dimension', 'measure', 'indicator'], scores.level),
        baskets.is_headline desc nulls last, scores.basket_id, {order}
"""


@dataclass(frozen=True, slots=True)
class ModelText:
    """A select as it was released: the table that it makes and the tables that it reads."""

    name: str
    sql: str
    depends_on: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReleaseModels:
    """A select of the rows for each qualified name of a release, and the models that made its tables."""

    selects: Mapping[str, str]
    models: tuple[ModelText, ...]

    def replacing(self, selects: Mapping[str, str]) -> ReleaseModels:
        return ReleaseModels({**self.selects, **selects}, self.models)


def attach_release(connection: Connection, database: Path, alias: str) -> ReleaseModels:
    """Attach a published database under an alias and return its tables and models."""
    connection.execute(f"attach {quote_literal(database)} as {quote_identifier(alias)} (read_only)")
    names = connection.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = ? order by all", [alias]
    ).fetchall()
    selects = {
        f"{schema}.{table}": f"select * from {quote_identifier(alias)}.{_quote_name(f'{schema}.{table}')}"
        for schema, table in names
    }
    return _read_models(connection, selects)


def attach_parquet(connection: Connection, folder: Path, tables: Iterable[Table]) -> ReleaseModels:
    """Return the tables and models of a release whose Parquet files are written and whose database is not."""
    files = {table.qualified_name: parquet_file(folder, table) for table in tables}
    selects = {
        name: f"select * from read_parquet({quote_literal(file)})" for name, file in files.items() if file.is_file()
    }
    return _read_models(connection, selects)


def write_models(connection: Connection, table: Table, models: Iterable[Model]) -> None:
    """Write the models as a table of the candidate."""
    rows = ((model.name, model.version, ", ".join(model.upstream), model.sql) for model in models)
    table.load_rows(connection, rows)


def _read_models(connection: Connection, selects: Mapping[str, str]) -> ReleaseModels:
    """Read the published models; no model reads the tables about releases, so these are left out."""
    tables = {name: select for name, select in selects.items() if not name.startswith("release.")}
    if MODELS not in selects:
        return ReleaseModels(tables, ())
    rows = connection.execute(f"select name, sql, depends_on from ({selects[MODELS]}) order by name").fetchall()
    models = (ModelText(name, sql, tuple(filter(None, depends_on.split(", ")))) for name, sql, depends_on in rows)
    return ReleaseModels(tables, tuple(models))


def create_table_views(connection: Connection, selects: Mapping[str, str]) -> None:
    """Create a view for each select under its qualified name, and drop everything else in these schemas."""
    for schema in sorted({name.split(".")[0] for name in selects}):
        connection.execute(f"drop schema if exists {quote_identifier(schema)} cascade")
    for name, select in selects.items():
        create_view(connection, name, select)


def rebuild(connection: Connection, snapshot: ReleaseModels) -> list[str]:
    """Create views of the tables of a release and recompute its scores.

    Returns:
        The models that cannot be run because a table or column is missing; their tables stay as published.
    """
    create_table_views(connection, snapshot.selects)
    return _run_models(connection, snapshot, sort_models(snapshot.models))


def rebuild_figures(connection: Connection, snapshot: ReleaseModels) -> list[str]:
    """Recompute observations and scores in the tables that `create_table_views` created; return what `rebuild` does."""
    return _run_models(connection, snapshot, sort_models(snapshot.models, _FIGURES))


def rebuild_downstream(connection: Connection, snapshot: ReleaseModels, names: Collection[str]) -> list[str]:
    """Replace these tables by those of the snapshot and recompute the scores that depend on them.

    Returns what `rebuild` does, which was called on this connection for a snapshot with the same models.
    """
    for name in names:
        create_view(connection, name, snapshot.selects[name])
    return _run_models(connection, snapshot, downstream_of(snapshot.models, names))


def _run_models(connection: Connection, snapshot: ReleaseModels, models: Iterable[ModelText]) -> list[str]:
    connection.execute("create schema if not exists rebuilt")
    failed = []
    for model in models:
        table = f"rebuilt.{quote_identifier(model.name)}"
        select = f"from {table}"
        try:
            connection.execute(f"create or replace table {table} as {model.sql}")
        except DatabaseError:
            failed.append(model.name)
            select = snapshot.selects.get(model.name, "")
        if select:
            create_view(connection, model.name, select)
    return failed


def create_view(connection: Connection, name: str, select: str) -> None:
    """Create or replace a view under the qualified name of a table."""
    connection.execute(f"create schema if not exists {quote_identifier(name.split('.')[0])}")
    connection.execute(f"create or replace view {_quote_name(name)} as {select}")


def downstream_of(models: Sequence[ModelText], names: Collection[str]) -> list[ModelText]:
    """Return the models of scores that read one of these tables, directly or through each other, in their order."""
    changed, downstream = set(names), []
    for model in sort_models(models):
        if changed & set(model.depends_on):
            changed.add(model.name)
            downstream.append(model)
    return downstream


def upstream_of(models: Sequence[ModelText], names: Collection[str]) -> tuple[ModelText, ...]:
    """Return the models that make these tables, and the models of scores that they depend on."""
    needed, upstream = set(names), []
    for model in reversed(sort_models(models)):
        if model.name in needed:
            needed |= set(model.depends_on)
            upstream.append(model)
    return tuple(upstream)


def sort_models(models: Sequence[ModelText], names: tuple[str, ...] = _RECOMPUTED) -> list[ModelText]:
    """Return the models whose names begin so, by default those of scores, each after those that it reads."""
    scores = {model.name: model for model in models if model.name.startswith(names)}
    graph = {name: sorted(set(model.depends_on) & set(scores)) for name, model in sorted(scores.items())}
    return [scores[name] for name in TopologicalSorter(graph).static_order()]


def save_scores(connection: Connection, name: str) -> None:
    """Save the present scores in the long form as a temporary table of this name."""
    connection.execute(f"create or replace temp table {quote_identifier(name)} as {_LONG_FORM}")


def fetch_named_rows(connection: Connection, rows: str, order: str) -> list[Row]:
    """Return rows with the names of their cities and items in both languages, ordered by level and then by `order`.

    `rows` is a select with the first four columns of the long form; in `order` its columns have the prefix `scores`.
    """
    return fetch_rows(connection, _WITH_NAMES.format(rows=rows, order=order))


def list_columns(connection: Connection, select: str) -> dict[str, str]:
    """Return the types of the columns of a select by name."""
    return {str(row[0]): str(row[1]) for row in connection.execute(f"describe {select}").fetchall()}


def _quote_name(name: str) -> str:
    schema, table = name.split(".")
    return f"{quote_identifier(schema)}.{quote_identifier(table)}"
