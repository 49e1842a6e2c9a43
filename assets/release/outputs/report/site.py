"""The site: which pages there are, what each is given, and writing them.

Here: pages and their addresses below `report/`. Every text goes through a template that escapes it, so that a name is a
name, whatever a file made of it. Not here: what the pages tell (assets.release.outputs.report.queries) and how it
looks (the templates, the style sheet).
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

from assets.release.explain.changelog import LISTED_CHANGES, change_cells, change_headings
from assets.release.explain.score_diff import read_named_changes
from assets.release.outputs import labels as codes
from assets.release.outputs.report import altair_charts, formatters, queries, sparklines
from assets.release.outputs.report.queries import ReferenceData, Row
from assets.release.outputs.report.templating import Templates
from assets.release.publish.file_names import CHECK_PAGES, REPORT
from assets.warehouse.connection import Connection
from assets.warehouse.tables import Table

_HERE = Path(__file__).parent
_STATIC = ("report.css", "checks.css", "report.js")
_LONGEST_NAME = 14
_PLAIN_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,80}(\.[a-z0-9_-]{1,80})?")
# Names that Windows keeps for devices, whatever stands behind their dot.
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


@dataclass(frozen=True, slots=True)
class ReleaseInfo:
    """The release that the pages belong to. `check_pages` has the pages of Great Expectations on its checks, if any."""

    release_id: str
    released_at: datetime
    previous_release_id: str | None
    check_pages: Path | None = None


def write_report(connection: Connection, folder: Path, tables: Sequence[Table], made: ReleaseInfo) -> tuple[Path, ...]:
    """Write the report of the candidate below `folder/report`; nothing where a table that it reads is not published."""
    if not {table.qualified_name for table in tables} >= queries.SOURCE_TABLES:
        return ()
    target = folder / REPORT
    target.mkdir(parents=True, exist_ok=True)
    checks = dict(_check_pages(target, made))
    site = _SiteBuilder(connection, target, made, checks)
    return tuple(sorted([*_copied(target), *(target / page for page in checks.values()), *site.write()]))


@lru_cache(maxsize=8192)
def page_name(identifier: str) -> str:
    """The file name of a page: an identifier that any system takes for one file, and no two for the same."""
    if _PLAIN_NAME.fullmatch(identifier) and not _DEVICES.fullmatch(identifier):
        return f"{identifier}.html"
    mark = hashlib.sha256(identifier.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"x-{mark}.html"


def _copied(target: Path) -> Iterator[Path]:
    for name in _STATIC:
        yield Path(shutil.copyfile(_HERE / "static" / name, target / name))


def _check_pages(target: Path, made: ReleaseInfo) -> Iterator[tuple[str, str]]:
    """The pages of the checks, copied into the report: by table, where they stand in it."""
    if made.check_pages is None or not made.check_pages.is_dir():
        return
    (target / CHECK_PAGES).mkdir()
    for page in sorted(made.check_pages.glob("*.html")):
        shutil.copyfile(page, target / CHECK_PAGES / page.name)
        yield page.stem, f"{CHECK_PAGES}/{page.name}"


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "t": formatters.bilingual,
    "w": formatters.lookup,
    "name": formatters.name_of_row,
    "status": formatters.status_label,
    "figure": formatters.format_value,
    "formula": formatters.formula_html,
    "qualified": formatters.format_qualified,
    "score": formatters.format_score,
    "plain": formatters.format_plain,
    "probability": formatters.format_probability,
    "target": formatters.format_target,
    "score_class": formatters.score_class,
    "coverage_class": formatters.coverage_class,
    "share": sparklines.scale_share,
    "page_name": page_name,
}
_WORDS: dict[str, Any] = {
    "codes": codes,
    "projections": formatters.PROJECTIONS,
    "file_statuses": formatters.FILE_STATUSES,
    "freshness_words": formatters.FRESHNESS,
}


class _SiteBuilder:
    """All pages of one candidate, written one after the other."""

    def __init__(self, connection: Connection, target: Path, made: ReleaseInfo, checks: Mapping[str, str]) -> None:
        self._connection, self._target, self._checks = connection, target, checks
        self._registry: ReferenceData = queries.read_reference_data(connection)
        self._dimension_scores = queries.read_dimension_scores(connection)
        self._measure_scores = queries.read_measure_scores(connection)
        self._rankings = queries.read_rankings(connection)
        placed = ({**ranking, **place} for ranking in self._rankings for place in ranking["places"])
        self._ranks = queries.group_rows(placed, "city_code")
        self._held, self._sent = queries.read_quarantined(connection), queries.read_freshness(connection)
        self._names = {code: _shown_name(city) for code, city in self._registry.cities.items()}
        self._templates = Templates(_HERE / "templates", {**_FUNCTIONS, "term": self._term})
        self._templates.globals |= {
            **_WORDS,
            "made": made,
            "registry": self._registry,
            "rankings": self._rankings,
        }

    def write(self) -> Iterator[Path]:
        drawn = [altair_charts.draw_ranks(ranking["places"], self._names) for ranking in self._rankings]
        yield self._page(
            "index.html", "index", dimension_scores=self._dimension_scores, tiles=self._tiles(), drawn=drawn
        )
        yield from self._cities()
        yield self._page("measures.html", "measures")
        yield from self._measures()
        yield self._page("indicators.html", "indicators")
        yield from self._indicators()
        yield self._page(
            "quality.html",
            "quality",
            most=queries.MOST_ROWS,
            check_pages=self._checks,
            **queries.read_quality(self._connection),
        )
        yield self._page("changes.html", "changes", **self._changes())
        yield self._page("method.html", "method", **self._references())
        yield self._page("formulas.html", "formulas", models=queries.read_models(self._connection))

    def _term(self, kind: str, text: str) -> Markup:
        """A unit, an area or the like, in English where the registry has it."""
        return formatters.bilingual(text, self._registry.terms.get((kind, text), text))

    def _page(self, path: str, template: str, **told: Any) -> Path:
        file = self._target / path
        file.parent.mkdir(exist_ok=True)
        root = "../" * path.count("/")
        # The scheme of a row's text must survive the disk: what no encoding can hold is shown as such.
        text = self._templates.get_template(f"{template}.html.j2").render(root=root, page=template, **told)
        file.write_text(text, encoding="utf-8", errors="backslashreplace")
        return file

    def _cities(self) -> Iterator[Path]:
        found = dict.fromkeys(self._registry.cities)
        for city_code, figures in queries.read_scores_by_city(self._connection):
            found.pop(city_code, None)
            yield self._city(city_code, figures)
        for city_code in found:
            yield self._city(city_code, [])

    def _city(self, city_code: str, figures: Sequence[Row]) -> Path:
        by_indicator = {figure["indicator_id"]: figure for figure in figures}
        years = self._years(figures)
        return self._page(
            f"city/{page_name(city_code)}",
            "city",
            city=self._registry.cities[city_code],
            figures=by_indicator,
            trends={name: sparklines.build_trend(figure, *years) for name, figure in by_indicator.items()},
            years=years,
            scores=self._dimension_scores.get(city_code, {}),
            measure_scores=self._measure_scores.get(city_code, {}),
            ranks=self._ranks.get(city_code, []),
            held=self._held.get(city_code, []),
            sent=self._sent.get(city_code, []),
        )

    def _measures(self) -> Iterator[Path]:
        attained: dict[str, dict[str, Row]] = {}
        for row in queries.read_attainments(self._connection):
            attained.setdefault(row["indicator_id"], {})[row["city_code"]] = row
        for measure_id, measure in self._registry.measures.items():
            scores = {city: by_measure[measure_id] for city, by_measure in self._measure_scores.items()}
            indicators = [self._registry.indicators[name] for name in self._registry.indicators_of.get(measure_id, ())]
            path = f"measure/{measure_id}.html"
            yield self._page(path, "measure", measure=measure, scores=scores, indicators=indicators, attained=attained)

    def _indicators(self) -> Iterator[Path]:
        found = dict.fromkeys(self._registry.indicators)
        for indicator_id, figures in queries.read_scores_by_indicator(self._connection):
            found.pop(indicator_id, None)
            yield self._indicator(indicator_id, figures)
        for indicator_id in found:
            yield self._indicator(indicator_id, [])

    def _indicator(self, indicator_id: str, figures: Sequence[Row]) -> Path:
        years = self._years(figures)
        # Each has its trend on its own page; thousands of them here would be a page that no browser likes.
        has_trends = len(figures) <= altair_charts.MOST_CITIES
        return self._page(
            f"indicator/{page_name(indicator_id)}",
            "indicator",
            indicator=self._registry.indicators[indicator_id],
            figures=figures,
            most=queries.MOST_ROWS,
            standing=altair_charts.draw_values(figures, self._names),
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
        counted = queries.fetch_rows(self._connection, "select count(*) as n from release.score_changes")[0]["n"]
        told = [(change_cells(change, "zh"), change_cells(change, "en")) for change in changes]
        return {
            "headings": list(zip(change_headings("zh"), change_headings("en"), strict=True)),
            "changes": told,
            "counted": counted,
        }

    def _references(self) -> dict[str, Any]:
        return {"duties": sum(_is_duty(one) for targets in self._registry.targets.values() for one in targets)}

    def _years(self, figures: Sequence[Row]) -> tuple[int, int]:
        """The years that all trends of a page share: from the first figure to the horizon."""
        first = [figure["points"][0]["year"] for figure in figures if figure["points"]]
        horizon = int(self._registry.method["horizon_year"])
        return min(first, default=horizon), horizon

    def _tiles(self) -> list[list[Row | None]]:
        """The cities of the tile map, row by row; a hole is None. Empty where no city has a tile."""
        placed = {
            (city["tile_row"], city["tile_column"]): city
            for city in self._registry.cities.values()
            if city["tile_row"] is not None
        }
        if not placed:
            return []
        last_row, last_column = (max(place[axis] for place in placed) for axis in (0, 1))
        return [[placed.get((row, column)) for column in range(1, last_column + 1)] for row in range(1, last_row + 1)]


def _shown_name(city: Row) -> str:
    """A city in both languages, as a chart has room for it."""
    both = dict.fromkeys((city["short_zh"], city["name_en"]))
    return " ".join(name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…" for name in both)


def _is_duty(target: Row) -> bool:
    return bool(target["authority"].startswith("policy_"))
