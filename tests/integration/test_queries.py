"""The queries and the notebook of the documentation, run on the release of the shipped figures."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

import duckdb
import openpyxl
import pytest

from assets.core.paths import PROJECT_ROOT
from assets.release.outputs.duckdb_views import SCHEMA, column_names, view_names
from tests.builders.candidates import published_tables
from tests.builders.data_directories import Place
from tests.builders.world import tables

PAGE = (PROJECT_ROOT / "docs" / "queries.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```sql\n(.*?)```", PAGE.partition("## Ten examples")[2], re.DOTALL)
# Nothing of the shipped figures is rejected.
MAY_BE_EMPTY = {"intake.rejects"}
PARK = "parks.park_area_per_capita_m2"


def test_there_are_ten_examples() -> None:
    assert len(EXAMPLES) == 10


@pytest.mark.parametrize("sql", EXAMPLES, ids=lambda sql: " ".join(sql.split())[:40])
def test_an_example_of_the_documentation_answers(province: Place, sql: str) -> None:
    rows = province.rows(sql.rstrip().rstrip(";"))
    assert rows or any(name in sql for name in MAY_BE_EMPTY)


@pytest.mark.parametrize("call", ["南昌", "江西省南昌市", "360100", "Nanchang", " nanchang "])
def test_the_scorecard_of_a_city_is_all_its_indicators_however_it_is_called(province: Place, call: str) -> None:
    rows = province.rows("from scorecard(?)", [call])
    own = province.rows("from scorecards.indicator_scores where city_code = '360100'")
    told = {(row["indicator_id"], row["value"], row["attainment"]) for row in rows}
    assert told == {(row["indicator_id"], row["value"], row["attainment"]) for row in own}


def test_a_reference_is_no_duty_in_a_macro(province: Place) -> None:
    for call in ("scorecard('南昌')", "gap_to_target('parks')"):
        standings = {(row["target_authority"], row["is_duty"]) for row in province.rows(f"from {call}")}
        assert standings
        assert all(duty == (standing in ("policy_city", "policy_province")) for standing, duty in standings)


def test_gaps_are_widest_first_and_a_city_without_a_figure_is_listed(province: Place) -> None:
    rows = province.rows("from gap_to_target('parks')")
    gaps = [row["gap_pct"] for row in rows if row["gap_pct"] is not None]
    assert gaps == sorted(gaps, reverse=True)
    assert {row["data_status"] for row in rows[len(gaps) :]} == {"awaiting_data"}
    assert len(province.rows(f"from gap_to_target('{PARK}')")) == 11


def test_a_trend_is_the_published_history_and_the_published_projection(province: Place) -> None:
    *observed, last = province.rows("from trend('南昌', '人均公园绿地面积')")
    assert [row["year"] for row in observed] == [*range(2014, 2023), 2024]
    assert {row["kind"] for row in observed} == {"observed"}
    (line,) = province.rows(f"from scorecards.projections where city_code = '360100' and indicator_id = '{PARK}'")
    told = last["kind"], last["year"], last["value"], last["value_low"], last["value_high"]
    assert told == (
        "projected",
        line["projected_year"],
        *(line[f"projected_{end}"] for end in ("value", "low", "high")),
    )


def test_an_unknown_name_gives_no_rows(province: Place) -> None:
    for call in ("scorecard('x')", "gap_to_target('x')", "trend('x', 'y')", "scorecard(null)"):
        assert province.rows(f"from {call}") == []


def test_every_table_has_a_view_with_chinese_names_and_the_same_rows(province: Place) -> None:
    published = published_tables()
    views = view_names(published)
    assert len(set(views.values())) == len(views)
    for table in published:
        names = {name: shown for name, shown in column_names(table).items() if name not in ("formula", "licence")}
        assert len(set(names.values())) == len(names)
        view = f'{SCHEMA}."{views[table.qualified_name]}"'
        own, shown = (", ".join(f'"{name}"' for name in each) for each in (names, names.values()))
        (counted,) = province.rows(
            f"select (select count(*) from {view}) as seen, (select count(*) from {table.qualified_name}) as there, "
            f"(select count(*) from (select {shown} from {view} except all select {own} from {table.qualified_name})) "
            "as other"
        )
        assert (counted["seen"], counted["other"]) == (counted["there"], 0)


@pytest.mark.parametrize(
    ("schema", "foreign"),
    [("en", "[一-鿿]"), (SCHEMA, "[A-Za-z]{2,} [A-Za-z]{2,}")],
    ids=["no Chinese in en", "no English in 中文"],
)
def test_the_views_of_a_language_have_no_line_of_the_other(province: Place, schema: str, foreign: str) -> None:
    """Texts in brackets, quotes (`_zh`), names, codes, JSON and SQL aside."""
    # Written forms of places and headers as sent, names of cities in pinyin, samples of rows, source code.
    aside = {"写法", "表头原文", "英文", "英文名称", "不符合的行示例", "failing_sample", "sql", "SQL 全文"}
    columns = province.rows(
        "select table_name, column_name from duckdb_columns() where schema_name = ? and data_type = 'VARCHAR'", [schema]
    )
    assert len(columns) > 100
    found = set()
    for table, name in ((row["table_name"], row["column_name"]) for row in columns):
        if name.endswith("_zh") or name in aside:
            continue
        text = f"""regexp_replace("{name}", '[(（][^)）]*[)）]', '', 'g')"""
        query = f'select "{name}" as text from {schema}."{table}" where regexp_matches({text}, ?) limit 1'
        found |= {(table, name, row["text"]) for row in province.rows(query, [foreign])}
    assert found == set()


def test_units_and_areas_of_the_registry_and_the_forms_have_english_words(province: Place) -> None:
    for table in ("indicators", "targets", "contracts"):
        assert not province.rows(f"from en.{table} where regexp_matches(unit, '[一-鿿]')"), table
    assert not province.rows("from en.indicators where regexp_matches(scope, '[一-鿿]')")


def test_the_workbook_has_english_below_units_formulas_and_sources(province: Place) -> None:
    book = openpyxl.load_workbook(province.release().folder / "workbook.xlsx", read_only=True)
    (sheet,) = [sheet for sheet in book.worksheets if sheet.title.startswith("指标 ")]
    rows = list(sheet.iter_rows(values_only=True))
    headings = next(row for row in rows if row[2] == "单位\nUnit")
    for name in ("单位\nUnit", "公式\nFormula", "数字的来源\nSources of figures"):
        cells = [row[headings.index(name)] for row in rows[rows.index(headings) + 1 :]]
        chinese = [str(cell) for cell in cells if cell and re.search("[一-鿿]", str(cell))]
        assert chinese
        assert all(re.search("\n[^一-鿿]+$", cell) for cell in chinese), name


def test_the_english_cards_of_a_release_have_no_chinese_line(province: Place) -> None:
    """Texts in brackets aside."""
    text = (province.release().folder / "docs" / "indicators.en.md").read_text("utf-8")
    assert [line for line in text.splitlines() if re.search("[一-鿿]", re.sub(r"[(（][^)）]*[)）]", "", line))] == []


def test_names_are_short_and_two_that_begin_alike_stay_apart() -> None:
    table = tables()["scorecards.indicator_scores"]
    names = column_names(table)
    assert (names["attainment"], names["data_status"]) == ("得分", "数据状态")
    assert (names["status_linear"], names["status_compound"]) == ("状态_线性法", "状态_复合增长法")
    twins = dict.fromkeys(("one", "other"), table.columns["status"])
    assert column_names(table.model_copy(update={"columns": twins})) == {"one": "one", "other": "other"}


def test_views_answer_where_the_release_is_attached_and_macros_after_use(province: Place) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{province.release().folder}/gancheng.duckdb' as r (read_only)")
        assert connection.execute(f"select count(*) from r.{SCHEMA}.城市").fetchone() == (11,)
        connection.execute("use r")
        assert len(connection.execute("from scorecard('南昌')").fetchall()) > 60


def test_the_notebook_runs_cell_by_cell(province: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANCHENG_RELEASE", str(province.data / "releases" / "current"))
    notebook = json.loads((PROJECT_ROOT / "docs" / "release.ipynb").read_text(encoding="utf-8"))
    assert notebook["nbformat"] == 4
    names: dict[str, Any] = {}
    shown = [_shown("".join(cell["source"]), names) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert shown[0] == (province.release().manifest.release_id, province.release().manifest.method_version)
    assert all(len(table) > 0 for table in shown[1:])
    names["con"].close()


def _shown(source: str, names: dict[str, Any]) -> Any:
    """What a cell shows: the value of its last line."""
    *body, last = ast.parse(source).body
    exec(compile(ast.Module(body, []), "cell", "exec"), names)
    assert isinstance(last, ast.Expr)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names)
