"""The pages are made of the tables only, and the values of the tables are text on them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from assets.release.outputs.metadata import ReleaseIdentity
from assets.release.outputs.report import charts, formatters, sparklines
from assets.release.outputs.report.site import create_environment, page_name, write_report
from assets.release.outputs.score_colours import COLOURS
from assets.release.publish.file_names import REPORT_INDEX
from assets.warehouse.connection import Connection
from tests.builders.candidates import HOSTILE, candidate, published_tables

RELEASE = ReleaseIdentity("20260101T000000Z-x", datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture(scope="module")
def opened() -> Iterator[Connection]:
    with candidate() as connection:
        yield connection


def test_the_same_candidate_has_the_same_pages(opened: Connection, tmp_path: Path) -> None:
    first, second = (write_report(opened, tmp_path / name, published_tables(), RELEASE) for name in ("first", "second"))
    assert [file.read_bytes() for file in first] == [file.read_bytes() for file in second]
    assert len(first) == len(set(first)) == len([file for file in (tmp_path / "first").rglob("*") if file.is_file()])


def test_a_candidate_without_the_tables_of_the_report_has_none(opened: Connection, tmp_path: Path) -> None:
    some = [table for table in published_tables() if table.name != "city_scores"]
    assert write_report(opened, tmp_path, some, RELEASE) == ()
    assert not (tmp_path / REPORT_INDEX).exists()


def test_no_page_holds_markup_that_a_name_brought(opened: Connection, tmp_path: Path) -> None:
    for file in write_report(opened, tmp_path, published_tables(), RELEASE):
        text = file.read_text(encoding="utf-8")
        assert "<script>alert" not in text
        if file.suffix == ".html":
            root = "../" * (file.parent.name != "report")
            scripts = [f'<script src="{root}report.js" data-root="{root}">']
            if file.name == "sql.html":
                scripts += [f'<script src="{name}">' for name in ("sql-wasm.js", "sql-data.js", "sql.js")]
            assert re.findall(r"<script[^>]*>", text) == scripts
            assert not re.search(r"(src|href)=\"https?:", text)


def test_pages_of_the_checks_are_taken_into_the_report(opened: Connection, tmp_path: Path) -> None:
    checks = tmp_path / "checks"
    checks.mkdir()
    (checks / "scorecards.city_scores.html").write_text("checked", encoding="utf-8")
    files = write_report(opened, tmp_path / "release", published_tables(), RELEASE, checks)
    assert tmp_path / "release" / "report" / "checks" / "scorecards.city_scores.html" in files


@pytest.mark.parametrize("text", ["{{ row.missing }}", "{{ missing }}", '{{ t("a", row.missing) }}'])
def test_a_missing_value_is_an_error_and_never_empty(text: str) -> None:
    with pytest.raises(UndefinedError):
        create_environment().from_string(text).render(row={"name": "<b>"})


def test_a_template_escapes_the_values_of_a_row() -> None:
    page = create_environment().from_string('{{ row.name }}{{ t("<", row.name) }}').render(row={"name": "<b>"})
    assert page == '&lt;b&gt;<span lang="zh">&lt;</span><span lang="en">&lt;b&gt;</span>'


def test_a_city_says_how_many_of_its_scores_moved(tmp_path: Path) -> None:
    later = ReleaseIdentity("20260201T000000Z-y", datetime(2026, 2, 1, tzinfo=UTC), RELEASE.release_id)
    with candidate() as connection:
        connection.execute(
            """
            insert into release.score_changes by name select
                'indicator' as level, '' as basket_id, 'A' as city_code, item_id, 'moved' as change,
                moved as evidenced_delta_hundredths
            from (values ('sheet.one', 250), ('sheet.two', -10)) as changes(item_id, moved)
            """
        )
        write_report(connection, tmp_path, published_tables(), later)
    moved, same = ((tmp_path / "report" / "city" / page_name(city)).read_text(encoding="utf-8") for city in ("A", "B"))
    assert "Scores since the last release: 1 rose, 1 fell, 0 appeared, 0 disappeared." in moved
    assert "1 项得分上升，1 项下降" in moved
    assert "No score moved since the last release." in same


@pytest.mark.parametrize("is_approved", [False, True])
def test_an_approved_figure_is_not_listed_as_held_back(tmp_path: Path, is_approved: bool) -> None:
    with candidate() as connection:
        connection.execute(
            "insert into reference.detectors by name select "
            "'misplaced_block' as detector_id, 'blocking' as severity, 'shifted' as name_zh, 'shifted' as name_en"
        )
        connection.execute(
            """
            insert into quality.flags by name select
                'x' as flag_id, 'A' as city_code, 'sheet.one' as indicator_id, scope, vintage, 2024 as year,
                'misplaced_block' as detector, 'blocking' as severity, 60 as value, '60' as value_text, 1 as statistic,
                0 as threshold, 'one row down' as explanation_zh, 'one row down' as explanation_en,
                'sheet/f.csv' as file, 2 as line, ? as is_approved, 'reviewer' as approved_by,
                timestamp '2026-11-24' as approved_at, 'held against the yearbook' as approved_reason
            from observations.city_observations where city_code = 'A' and indicator_id = 'sheet.one' and year = 2024
            """,
            [is_approved],
        )
        write_report(connection, tmp_path, published_tables(), RELEASE)
    city = tmp_path / "report" / "city" / page_name("A")
    page, quality = (file.read_text(encoding="utf-8") for file in (city, tmp_path / "report" / "quality.html"))
    assert ("Figures held back" in page) is not is_approved
    assert ("shifted (approved)" in page) is is_approved
    assert ("reviewer, 2026-11-24: held against the yearbook" in quality) is is_approved


@pytest.mark.parametrize(
    ("identifier", "name"),
    [("360100", "360100.html"), ("parks.area_m2", "parks.area_m2.html")],
)
def test_a_plain_identifier_is_the_name_of_its_page(identifier: str, name: str) -> None:
    assert page_name(identifier) == name


@pytest.mark.parametrize("identifier", ["../up", "con", "nul.a", "A", "甲", "a b", "a" * 200, "", ".hidden", "a.b.c"])
def test_any_other_identifier_has_a_page_of_its_own_below_the_report(identifier: str) -> None:
    assert re.fullmatch(r"x-[0-9a-f]{12}\.html", page_name(identifier))


def figure(points: dict[int, float], **more: Any) -> dict[str, Any]:
    empty = dict.fromkeys(
        ("projected_year", "projected_value", "projected_low", "projected_high", "target_value", "target_value_high")
    )
    series = [{"year": year, "value": value, "qualifier": None} for year, value in points.items()]
    return {"points": series, "break_year": None, **empty, **more}


def test_a_trend_is_broken_where_a_year_is_missing() -> None:
    trend = sparklines.build_trend(figure({2020: 1, 2021: 2, 2023: 3, 2024: 4}), 2020, 2030)
    assert trend is not None
    assert [len(run.split()) for run in trend.runs] == [2, 2]
    assert len(trend.dots) == 4


def test_a_trend_of_one_figure_is_a_dot_and_of_none_is_nothing() -> None:
    trend = sparklines.build_trend(figure({2020: 1}), 2020, 2030)
    assert trend is not None
    assert trend.runs == ()
    assert sparklines.build_trend({**figure({}), "points": None}, 2020, 2030) is None


def test_a_trend_holds_its_projection_and_target_inside_its_plane() -> None:
    projection = {
        "projected_year": 2030,
        "projected_value": 9,
        "projected_low": 5,
        "projected_high": 14,
        "target_value": -3,
    }
    trend = sparklines.build_trend(figure({2020: 1, 2021: 2}, **projection), 2020, 2030)
    assert trend is not None
    assert trend.projected is not None
    assert trend.interval is not None
    assert trend.target is not None
    heights = [*trend.interval, *trend.target, *(y for _, y in trend.dots)]
    assert all(0 < y < trend.height for y in heights)
    assert trend.interval[0] < trend.projected[1] < trend.interval[1]


@pytest.mark.parametrize(
    ("value", "low", "high", "share"), [(5, 0, 10, 50), (-1, 0, 10, 0), (11, 0, 10, 100), (1, 1, 1, 0), (None, 0, 1, 0)]
)
def test_a_share_of_a_scale_is_between_nothing_and_all(value: Any, low: float, high: float, share: float) -> None:
    assert sparklines.scale_share(value, low, high) == share


PLACE = {"city_code": "A", "nominal_rank": 1, "rank_low": 1, "rank_high": 2}


def test_a_name_is_text_in_a_plot() -> None:
    drawn = charts.draw_ranks([PLACE], {"A": (HOSTILE, "x")})
    assert drawn is not None
    assert "<script" not in drawn
    assert "&lt;script" in drawn


def test_more_cities_than_can_be_read_are_not_drawn() -> None:
    codes = [f"{number:03}" for number in range(charts.MAX_CITIES + 1)]
    places = [{**PLACE, "city_code": code} for code in codes]
    assert charts.draw_ranks(places, dict.fromkeys(codes, ("x", "x"))) is None
    assert charts.draw_ranks([], {}) is None


def test_cities_of_the_same_name_have_a_row_each() -> None:
    drawn = charts.draw_ranks([PLACE, {**PLACE, "city_code": "B"}], {"A": ("x", "y"), "B": ("x", "y")})
    assert drawn is not None
    assert drawn.count(' lang="zh">x</text>') == drawn.count(' lang="en">y</text>') == 2


def test_ranks_have_whole_numbers_as_ticks() -> None:
    drawn = charts.draw_ranks(
        [PLACE, {**PLACE, "nominal_rank": 2, "city_code": "B"}], {"A": ("x", "y"), "B": ("x", "y")}
    )
    assert drawn is not None
    assert re.findall(r">([\d.]+)</text>", drawn) == ["1", "2"]


FIGURE = dict.fromkeys(
    ("value", "projected_value", "projected_low", "projected_high", "target_value", "target_value_high")
)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_any_figures_are_drawn_in_the_plot_on_few_ticks(values: list[float]) -> None:
    figures = [{**FIGURE, "city_code": "A", "value": value, "target_value": values[0]} for value in values]
    drawn = charts.draw_values(figures, {"A": ("x", "y")})
    assert drawn is not None
    assert drawn.count("<circle") == len(values)
    assert 2 <= drawn.count('stroke="#cfd8e1"') <= 12
    at = {value: float(x) for value, x in zip(values, re.findall(r'cx="([-\d.e+]+)"', drawn), strict=True)}
    assert [at[value] for value in sorted(at)] == sorted(at.values())
    assert all(124 <= x <= 744 for x in at.values())


def test_a_score_is_drawn_as_a_bar_and_one_that_is_open_as_a_range(opened: Connection, tmp_path: Path) -> None:
    opened.execute("begin transaction")
    opened.execute(
        "update scorecards.dimension_scores set evidenced = 61.25, possible = 73.75, rank = null, "
        "score_status = 'too_open' where city_code = 'A'"
    )
    write_report(opened, tmp_path, published_tables(), RELEASE)
    opened.execute("rollback")
    text = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    assert "<b>61–74</b>" in text
    bar = '<rect width="61.3%"/><rect class="open" x="61.3%" width="12.5%"/>'
    assert bar in text


@pytest.mark.parametrize(("rank", "drawn"), [("1", "s3"), ("null", "none")])
def test_a_tile_has_a_colour_where_the_city_has_a_rank(
    opened: Connection, tmp_path: Path, rank: str, drawn: str
) -> None:
    opened.execute("begin transaction")
    opened.execute("delete from reference.city_tiles")
    opened.execute(
        "insert into reference.city_tiles by name "
        "select city_code, 1 as tile_row, if(city_code = 'A', 1, 2) as tile_column from reference.cities"
    )
    opened.execute("update scorecards.city_scores set evidenced = null, possible = null, rank = null")
    opened.execute(f"update scorecards.dimension_scores set evidenced = 61.25, possible = 61.25, rank = {rank}")
    write_report(opened, tmp_path, published_tables(), RELEASE)
    opened.execute("rollback")
    text = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    assert re.findall(r'<td class="tile (\w+)" data-shown="(\w+) 61\.3\|', text) == [(drawn, drawn)] * 2


@pytest.mark.parametrize(
    ("value", "drawn"), [(None, "none"), (0, "s0"), (19.94, "s0"), (19.96, "s1"), (20, "s1"), (100, "s4")]
)
def test_a_score_has_the_colour_of_its_fifth(value: float | None, drawn: str) -> None:
    assert formatters.score_class(value) == drawn


def test_the_style_sheet_has_the_colours_of_the_scores() -> None:
    style = (Path(formatters.__file__).parent / "static" / "report.css").read_text(encoding="utf-8")
    for number, (fill, ink) in enumerate(COLOURS):
        assert f"--s{number}: {fill}; --s{number}-ink: {ink};" in style


def test_a_code_without_a_word_stands_for_itself_as_text() -> None:
    assert formatters.code_label("statuses", "<b>") == "&lt;b&gt;"


SHOWN = [(0.0, "<1%"), (0.004, "<1%"), (0.285, "29%"), (0.5, "50%"), (0.994, "99%"), (1.0, ">99%")]


@pytest.mark.parametrize(("value", "shown"), SHOWN)
def test_no_projection_is_shown_as_certain(value: float, shown: str) -> None:
    assert formatters.format_probability(value) == shown


@pytest.mark.parametrize("share", [0.285, 0.145, 0.575])
def test_a_share_is_rounded_as_its_decimal_text(share: float) -> None:
    assert formatters.format_percent(share) == f"{round(1000 * share) // 10 + 1}%"
