"""The site: which pages there are, what each template gets, and writing them.

Here: pages and their addresses below `report/`. Every text goes through a template that escapes it, so that no name of
the data is markup. Not here: reading (assets.release.outputs.report.queries) and layout (templates, style sheet).
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from assets.core.ranges import format_range
from assets.release.explain.changelog import LISTED_CHANGES, change_cells, change_headings
from assets.release.explain.score_diff import read_named_changes
from assets.release.outputs.datapackage import CITATION, PACKAGE
from assets.release.outputs.metadata import ReleaseIdentity
from assets.release.outputs.report import charts, data_scripts, formatters, queries, sparklines
from assets.release.outputs.report.briefing import write_briefing
from assets.release.outputs.rows import SOURCE_TABLES, Row, fetch_row, group_rows, read_rows
from assets.release.publish.file_names import CHECK_PAGES, DATABASE, DEVICE_NAMES, REPORT, WORKBOOK
from assets.warehouse.connection import Connection, fetch_rows
from assets.warehouse.tables import Table

_HERE = Path(__file__).parent
_STATIC = ("report.css", "checks.css", "report.js", "downloads.js", "sql.js", "sql-wasm.LICENSE.txt")
_MAX_NAME_CHARACTERS = 14
_MAX_MATRIX_CITIES = 20
_PLAIN_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,80}(\.[a-z0-9_-]{1,80})?")

# The files of a release that the page on data links, apart from the tables.
_RELEASE_FILES = (
    (WORKBOOK, "评分卡工作簿", "the scorecards as a workbook"),
    (DATABASE, "全部数据表的 DuckDB 数据库", "a DuckDB database with all tables"),
    (PACKAGE, "数据表的说明、来源和许可", "descriptions of the tables, sources and licence"),
    (CITATION, "引用信息", "how to cite, for programs"),
)


def write_report(
    connection: Connection,
    folder: Path,
    tables: Sequence[Table],
    release: ReleaseIdentity,
    check_pages: Path | None = None,
) -> tuple[Path, ...]:
    """Write the report of the candidate below `folder/report`; nothing where a table that it reads is not published.

    Args:
        connection: the candidate.
        folder: the folder of the release.
        tables: the published tables.
        release: the release to which the pages belong.
        check_pages: a folder with the pages of Great Expectations, one per table, which are copied into the report.

    Returns:
        The files.
    """
    if not {table.qualified_name for table in tables} >= SOURCE_TABLES:
        return ()
    target = folder / REPORT
    target.mkdir(parents=True, exist_ok=True)
    checks = _copy_check_pages(target, check_pages)
    static = [Path(shutil.copyfile(_HERE / "static" / name, target / name)) for name in _STATIC]
    pages = _SiteBuilder(connection, target, release, checks, tables).write()
    return tuple(sorted([*static, *(target / page for page in checks.values()), *pages]))


@lru_cache(maxsize=8192)
def page_name(identifier: str) -> str:
    """Return the file name of the page of an identifier: valid on every system, and different for each."""
    if _PLAIN_NAME.fullmatch(identifier) and not DEVICE_NAMES.fullmatch(identifier):
        return f"{identifier}.html"
    digest = hashlib.sha256(identifier.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"x-{digest}.html"


def _copy_check_pages(target: Path, check_pages: Path | None) -> dict[str, str]:
    """Copy the pages on the checks into the report; return their addresses in it by table."""
    pages = sorted(check_pages.glob("*.html")) if check_pages is not None else []
    for page in pages:
        (target / CHECK_PAGES).mkdir(exist_ok=True)
        shutil.copyfile(page, target / CHECK_PAGES / page.name)
    return {page.stem: f"{CHECK_PAGES}/{page.name}" for page in pages}


# What the templates call; `w` shows the label of a code.
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "t": formatters.bilingual,
    "w": formatters.code_label,
    "name": formatters.name_of_row,
    "status": formatters.status_label,
    "figure": formatters.format_value,
    "formula": formatters.formula_html,
    "qualified": formatters.format_qualified,
    "score": formatters.format_score,
    "ranged": format_range,
    "percent": formatters.format_percent,
    "plain": formatters.format_plain,
    "probability": formatters.format_probability,
    "target": formatters.format_target,
    "score_class": formatters.score_class,
    "share": sparklines.scale_share,
    "page_name": page_name,
}


@cache
def create_environment() -> Environment:
    """Return the environment of the templates: texts are escaped, and a missing value is an error, never empty.

    Cached with the compiled templates, which no page changes: what belongs to a release is passed to each page.
    """
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= _FUNCTIONS
    return environment


class _SiteBuilder:
    """All pages of one candidate, written one after the other."""

    def __init__(
        self,
        connection: Connection,
        target: Path,
        release: ReleaseIdentity,
        checks: Mapping[str, str],
        tables: Sequence[Table],
    ) -> None:
        self._connection, self._target, self._checks, self._tables = connection, target, checks, tables
        self._registry = queries.read_reference_data(connection)
        self._dimension_scores = queries.read_scores(connection, "dimension")
        self._measure_scores = queries.read_scores(connection, "measure")
        self._open_figures = group_rows(queries.read_open_figures(connection), "city_code")
        self._rankings = queries.read_rankings(connection)
        ranks = ({**ranking, **rank} for ranking in self._rankings for rank in ranking["places"])
        self._ranks = group_rows(ranks, "city_code")
        order = ["city_code nulls last", "indicator_id", "year", "scope", "detector"]
        self._quarantined = group_rows(read_rows(connection, "flag_rows", order, flag_status="blocking"), "city_code")
        freshness = read_rows(connection, "freshness_rows", ["city_code", "dataset"])
        self._freshness = group_rows(freshness, "city_code")
        self._datasets = {row["dataset"]: row for row in freshness}
        attained = "select city_code, indicator_id, attainment from scorecards.indicator_scores where value is not null"
        self._attainments = queries.nest_rows(fetch_rows(connection, attained), "indicator_id", "city_code")
        self._gaps = queries.nest_rows(queries.read_gaps(connection), "city_code", "indicator_id")
        self._spread = {row["indicator_id"]: row for row in read_rows(connection, "indicator_spread")}
        self._moves = {row["city_code"]: row for row in queries.read_moves(connection)}
        # A first page with more scores is too heavy.
        self._has_matrix = len(self._registry.cities) <= _MAX_MATRIX_CITIES
        self._names = {code: _chart_name(city) for code, city in self._registry.cities.items()}
        self._shared = {
            "term": self._term,
            "release": release,
            "registry": self._registry,
            "rankings": self._rankings,
            "has_matrix": self._has_matrix,
        }

    def write(self) -> Iterator[Path]:
        yield self._overview()
        if self._rankings:
            drawn = [charts.draw_ranks(ranking["places"], self._names) for ranking in self._rankings]
            yield self._page("ranks", charts=drawn)
        if not self._has_matrix:
            yield self._page("matrix", attainments=self._attainments, most=queries.MAX_LISTED)
        order = "figures.city_code, figures.indicator_id"
        for city_code, figures in queries.read_figures(self._connection, "city_code", order, self._registry.cities):
            yield self._city(city_code, figures)
        yield self._page("measures")
        yield from self._measures()
        yield self._page("indicators")
        # The best score first, figures without a score last.
        order = "figures.indicator_id, figures.attainment desc nulls last, figures.value desc, figures.city_code"
        for indicator_id, figures in queries.read_figures(
            self._connection, "indicator_id", order, self._registry.indicators
        ):
            yield self._indicator(indicator_id, figures)
        quality = queries.read_quality(self._connection)
        yield self._page("quality", most=queries.MAX_LISTED, check_pages=self._checks, **quality)
        yield self._page("changes", **self._changes())
        targets = [target for targets in self._registry.targets.values() for target in targets]
        yield self._page("method", duties=sum(target["authority"].startswith("policy_") for target in targets))
        yield from self._data()
        models = "select name, sql from release.models where name like 'scorecards.%' order by name"
        yield self._page("formulas", models=fetch_rows(self._connection, models))

    def _data(self) -> Iterator[Path]:
        yield data_scripts.write_search_index(self._target, self._registry, page_name)
        yield self._page("data", files=_RELEASE_FILES, tables=sorted(self._tables, key=lambda one: one.qualified_name))
        sql_tables, files = data_scripts.write_sql_data(self._target, self._connection)
        yield from files
        yield self._page("sql", sql_tables=sql_tables, examples=data_scripts.EXAMPLES)

    def _term(self, kind: str, text: str) -> Markup:
        """Return a unit, an area or another term, in English where the registry has it."""
        return formatters.bilingual(text, self._registry.terms.get((kind, text), text))

    def _page(self, template: str, name: str | None = None, /, **content: Any) -> Path:
        """Write a page: one of a kind, or the page `name` in the folder of its kind."""
        file = self._target / (f"{template}.html" if name is None else f"{template}/{name}")
        file.parent.mkdir(exist_ok=True)
        root = "" if name is None else "../"
        text = (
            create_environment()
            .get_template(f"{template}.html.j2")
            .render(root=root, page=template, **self._shared, **content)
        )
        # Data may contain characters that UTF-8 cannot encode; they are shown as escape sequences.
        file.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
        return file

    def _overview(self) -> Path:
        freshness = [row for rows in self._freshness.values() for row in rows]
        return self._page(
            "index",
            dimension_scores=self._dimension_scores,
            attainments=self._attainments,
            most=queries.MAX_LISTED,
            tiles=self._tiles(),
            province_targets=read_rows(self._connection, "province_target_rows", ["dimension_position", "target_id"]),
            datasets=list(self._datasets.values()),
            freshness={city: {row["dataset"]: row for row in rows} for city, rows in self._freshness.items()},
            as_of_date=freshness[0]["as_of_date"] if freshness else None,
            late=sum(row["status"] == "late" for row in freshness),
            expected=len(freshness),
        )

    def _city(self, city_code: str, figures: Sequence[Row]) -> Path:
        years = self._years(figures)
        indicators = self._registry.indicators
        freshness = self._freshness.get(city_code, [])
        briefing = write_briefing(figures, indicators, self._spread, freshness)
        strips = {
            name: sparklines.build_strip(figure, self._spread[name], indicators[name]["direction"])
            for figure in briefing.scored
            for name in [figure["indicator_id"]]
        }
        return self._page(
            "city",
            page_name(city_code),
            city=self._registry.cities[city_code],
            briefing=briefing,
            strips=strips,
            spread=self._spread,
            moves=self._moves.get(city_code),
            figures={figure["indicator_id"]: figure for figure in figures},
            gaps=self._gaps.get(city_code, {}),
            trends={figure["indicator_id"]: sparklines.build_trend(figure, *years) for figure in figures},
            years=years,
            scores=self._dimension_scores.get(city_code, {}),
            measure_scores=self._measure_scores.get(city_code, {}),
            open_figures=self._open_figures.get(city_code, []),
            ranks={rank["dimension_id"]: rank for rank in self._ranks.get(city_code, [])},
            quarantined=self._quarantined.get(city_code, []),
            freshness=freshness,
        )

    def _measures(self) -> Iterator[Path]:
        for measure_id, measure in self._registry.measures.items():
            yield self._page(
                "measure",
                f"{measure_id}.html",
                measure=measure,
                scores=self._measure_scores,
                indicators=[
                    self._registry.indicators[i] for i in self._registry.measure_indicators.get(measure_id, ())
                ],
                attainments=self._attainments,
            )

    def _indicator(self, indicator_id: str, figures: Sequence[Row]) -> Path:
        years = self._years(figures)
        # The page of each city has its trends; thousands of them on one page are too much for a browser.
        has_trends = len(figures) <= charts.MAX_CITIES
        return self._page(
            "indicator",
            page_name(indicator_id),
            indicator=self._registry.indicators[indicator_id],
            figures=figures,
            most=queries.MAX_LISTED,
            chart=charts.draw_values(figures, self._names),
            has_trends=has_trends,
            trends={figure["city_code"]: sparklines.build_trend(figure, *years) for figure in figures if has_trends},
            years=years,
            tiles=self._tiles(),
            by_city={figure["city_code"]: figure for figure in figures},
            highest=max((figure["value"] for figure in figures), default=0.0),
            lowest=min((0.0, *(figure["value"] for figure in figures))),
        )

    def _changes(self) -> dict[str, Any]:
        changes = read_named_changes(self._connection, LISTED_CHANGES)
        return {
            "headings": list(zip(change_headings("zh"), change_headings("en"), strict=True)),
            "changes": [(change_cells(change, "zh"), change_cells(change, "en")) for change in changes],
            "counted": fetch_row(self._connection, "select count(*) as n from release.score_changes")["n"],
        }

    def _years(self, figures: Sequence[Row]) -> tuple[int, int]:
        """Return the first and the last year of all trends of a page, up to the horizon."""
        first = [figure["points"][0]["year"] for figure in figures if figure["points"]]
        horizon = int(self._registry.method["horizon_year"])
        return min(first, default=horizon), horizon

    def _tiles(self) -> list[list[Row | None]]:
        """Return the rows of the tile map, with None for a gap; empty where no city has a tile."""
        placed = {
            (city["tile_row"], city["tile_column"]): city
            for city in self._registry.cities.values()
            if city["tile_row"] is not None
        }
        if not placed:
            return []
        last_row, last_column = (max(place[axis] for place in placed) for axis in (0, 1))
        return [[placed.get((row, column)) for column in range(1, last_column + 1)] for row in range(1, last_row + 1)]


def _chart_name(city: Row) -> tuple[str, str]:
    """Return the name of a city in both languages, as short as a chart needs it."""
    zh, en = (
        name if len(name) <= _MAX_NAME_CHARACTERS else f"{name[: _MAX_NAME_CHARACTERS - 1]}…"
        for name in (city["short_zh"], city["name_en"])
    )
    return zh, en
