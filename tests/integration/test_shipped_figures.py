"""The main job on the figures that the project ships."""

from __future__ import annotations

import csv
import json
import re
from decimal import Decimal
from pathlib import Path

import dagster as dg
import openpyxl
import pyarrow.parquet as pq
import pytest

from assets.core.paths import PROJECT_ROOT, Paths
from assets.release.publish.file_names import WORKBOOK
from assets.release.publish.manifest import find_damages, read_manifest
from pipelines.orchestration.instance import open_instance
from tests.builders.data_directories import Place, copy_province

INBOX = PROJECT_ROOT / "data" / "inbox"


def lines_of(file: Path) -> int:
    with file.open(encoding="utf-8") as stream:
        return sum(1 for _ in csv.DictReader(stream))


def test_rows_of_every_file_are_accepted_set_aside_or_rejected(province: Place) -> None:
    files = province.rows("from intake.files")
    assert {file["file"]: file["rows_read"] for file in files} == {
        file.relative_to(INBOX).as_posix(): lines_of(file) for file in INBOX.rglob("*.csv")
    }
    for file in files:
        assert file["rows_read"] == file["rows_accepted"] + file["rows_aggregate"] + file["rows_rejected"]


def test_no_shipped_row_is_rejected(province: Place) -> None:
    assert province.rows("from intake.rejects") == []


@pytest.mark.parametrize("dataset", ["parks", "pipe_networks"])
def test_every_yearbook_figure_is_published_to_the_digit(province: Place, dataset: str) -> None:
    (file,) = (INBOX / dataset).glob("yearbook*.csv")
    with file.open(encoding="utf-8") as stream:
        sent = list(csv.DictReader(stream))
    names = {row["name_zh"]: row["city_code"] for row in province.rows("from reference.cities")}
    published = {
        (row["city_code"], row["indicator_id"], row["year"]): row
        for row in province.rows("from observations.city_observations where file = ?", [f"{dataset}/{file.name}"])
    }
    checked = 0
    for line, row in enumerate(sent, start=2):
        for column, text in row.items():
            key = (names[row["city"]], f"{dataset}.{column}", int(row["year"]))
            if key in published:
                assert Decimal(repr(published[key]["value"])) == Decimal(text)
                assert published[key]["line"] == line
                checked += 1
    assert checked == len(published) > 300


def test_the_capital_has_12_89_square_metres_of_park_a_head(province: Place) -> None:
    (row,) = province.rows(
        "from scorecards.indicator_scores where city_code = '360100' and indicator_id = 'parks.park_area_per_capita_m2'"
    )
    assert (round(row["value"], 2), row["year"], row["source_grade"]) == (12.89, 2024, "A")
    assert row["target_authority"] == "standard"


def test_every_city_lists_every_measure_and_every_indicator(province: Place) -> None:
    (counts,) = province.rows(
        """
        select (select count(*) from scorecards.measure_scores) as measures,
            (select count(*) from scorecards.indicator_scores) as indicators,
            (select count(*) from reference.indicators) as registered,
            (select count(*) from reference.baskets) as baskets
        """
    )
    assert counts["measures"] == counts["baskets"] * 11 * 25
    assert counts["registered"] >= 60
    assert counts["indicators"] == 11 * counts["registered"]


def test_core_is_one_number_where_it_has_indicators_and_full_is_a_range(province: Place) -> None:
    core = province.rows("from scorecards.dimension_scores where basket_id = 'core' and indicators_total >= 3")
    assert {row["dimension_id"] for row in core} >= {"livability", "ecology"}
    assert all((row["open"], row["score_status"]) == (0, "ranked") for row in core)
    full = province.rows("from scorecards.dimension_scores where basket_id = 'full' and indicators_total >= 3")
    assert all(row["rank"] is None and row["evidenced"] < row["possible"] for row in full)


def test_there_is_no_index_while_a_direction_lacks_indicators(province: Place) -> None:
    rows = province.rows("from scorecards.city_scores where basket_id = 'core'")
    assert {(row["score_status"], row["evidenced"], row["rank"]) for row in rows} == {("too_narrow", None, None)}
    assert all(row["dimensions_wide_enough"] < row["dimensions_total"] for row in rows)


def test_the_basket_full_has_every_indicator_that_scores(province: Place) -> None:
    missing = province.rows(
        """
        select indicator_id from reference.indicators inner join reference.goalposts using (indicator_id)
        where weight > 0 and indicator_id not in (select indicator_id from reference.basket_indicators
            where basket_id = 'full')
        """
    )
    assert missing == []


def test_the_revised_figure_is_current_and_the_first_one_is_kept(province: Place) -> None:
    rows = province.rows(
        """
        select value, is_current from observations.city_observations
        where city_code = '360100' and indicator_id = 'city_statistics.gdp_100m_yuan' and year = 2020 order by vintage
        """
    )
    assert [(row["value"], row["is_current"]) for row in rows] == [(5745.51, False), (5783.32, True)]


def test_an_approximate_count_keeps_its_qualifier(province: Place) -> None:
    rows = province.rows("from observations.city_observations where indicator_id = 'employment_events.posts_offered'")
    assert {(row["year"], row["value"], row["qualifier"]) for row in rows} >= {(2026, 2563.0, "at_least")}


def test_totals_of_the_province_stand_apart(province: Place) -> None:
    assert province.rows("from observations.city_observations where city_code = '360000'") == []
    (leakage,) = province.rows(
        "from observations.aggregate_observations "
        "where indicator_id = 'pipe_networks.water_leakage_pct' and year = 2022"
    )
    assert leakage["value"] == 8.97


# What the verb of a source says about the stage; a plan is one whatever its verb, where the document is a plan.
VERBS = {
    "stock": r"建成|需进行",
    "planned": r"计划|规划|纳入|plan|完成|推进",
    "planned_start": r"新?开工",
    "planned_completion": r"完工|建成",
    "started": r"开工|施工|启动|改造|完工",
    "completed": r"完成|竣工|改造|加装|completed",
}


def test_every_row_of_housing_renewal_quotes_the_verb_that_decides_its_stage(province: Place) -> None:
    rows = province.rows("from intake.housing_renewal")
    assert len(rows) == sum(lines_of(file) for file in (INBOX / "housing_renewal").glob("*.csv"))
    for row in rows:
        verb = re.match("动词「(.+?)」", row["note"])
        assert verb, row
        assert re.search(VERBS[row["stage"]], verb[1]), row
        if row["stage"].startswith("planned") and not re.search("计划|规划|纳入|plan", verb[1]):
            assert "为计划数" in row["note"]


def test_communities_in_the_plan_are_not_completed_and_progress_is_no_total(province: Place) -> None:
    place = "province_code = '360000' and indicator_id"
    totals = province.rows(f"from observations.running_totals where {place} like '%old_communities_planned'")
    assert {(row["since_year"], row["value"]) for row in totals} >= {(2019, 7119), (2021, 6243)}
    of_2024 = province.rows(f"from observations.aggregate_observations where {place} like '%communit%' and year = 2024")
    values = {row["indicator_id"].split(".")[1]: (row["value"], row["is_current"]) for row in of_2024}
    assert values["old_communities_planned"] == (1343, True)
    assert values["old_communities_started"] == (1343, False)
    assert values["old_communities_completed"] == (511, False)


def test_districts_are_published_apart_and_in_no_city(province: Place) -> None:
    rows = province.rows("from observations.district_observations")
    assert len({(row["city_code"], row["district"]) for row in rows}) > 10
    files = {row["file"] for row in province.rows("select distinct file from observations.city_observations")}
    assert "housing_renewal/districts_2019_2025.csv" in {row["file"] for row in rows} - files


def test_every_table_and_column_has_a_comment_in_both_languages(province: Place) -> None:
    tables = province.rows("select schema_name, table_name, comment from duckdb_tables()")
    columns = province.rows("select table_name, column_name, comment from duckdb_columns() where not internal")
    assert tables
    assert columns
    for thing in [*tables, *columns]:
        chinese, _, english = (thing["comment"] or "").partition(" | ")
        assert chinese, thing
        assert english, thing


def test_the_manifest_verifies_and_every_table_has_its_parquet_file(province: Place) -> None:
    folder = province.release().folder
    manifest = read_manifest(folder)
    assert manifest is not None
    assert find_damages(folder, manifest) == []
    for table in province.rows("select schema_name, table_name, estimated_size from duckdb_tables()"):
        parquet = pq.read_table(folder / "parquet" / f"{table['table_name']}.parquet")
        assert parquet.num_rows == table["estimated_size"]


def test_a_damaged_release_is_found_out(province: Place, tmp_path: Path) -> None:
    manifest = read_manifest(province.release().folder)
    assert manifest is not None
    assert len(find_damages(tmp_path, manifest)) == len(manifest.files)


def test_the_same_inputs_give_the_same_bytes_elsewhere_and_later(province: Place, tmp_path: Path) -> None:
    elsewhere = copy_province(tmp_path / "another" / "place")
    elsewhere.run()
    one, other = province.release(), elsewhere.release()
    assert one.manifest.content_digest == other.manifest.content_digest
    for file in one.manifest.files:
        if file.is_content:
            assert (one.folder / file.path).read_bytes() == (other.folder / file.path).read_bytes()
    assert [file.path for file in one.manifest.files if file.rows is not None and not file.is_content] == [
        "parquet/file_arrivals.parquet",
        "parquet/freshness.parquet",
        "parquet/signed_years.parquet",
        "parquet/runs.parquet",
        "parquet/score_changes.parquet",
        "parquet/scorecard_long.parquet",
        "parquet/scorecard_wide.parquet",
    ]


def test_nothing_new_makes_no_release(province: Place) -> None:
    before = sorted((province.data / "releases").iterdir())
    outcome = province.run()
    assert (outcome["had_work"], outcome["is_new"]) == (False, False)
    assert sorted((province.data / "releases").iterdir()) == before


def test_the_scorecard_of_a_city_shows_value_year_source_target_and_status(province: Place) -> None:
    shown = province.call("scorecard", "南昌", "--lang", "zh")
    assert shown.returncode == 0
    line = next(line for line in shown.stdout.splitlines() if "人均公园绿地面积" in line)
    for part in ("12.89 平方米/人", "2024", "中国城市建设统计年鉴 (A)", "≥14.8", "标准，参照", "进展一般"):
        assert part in line


def test_a_city_is_found_by_name_code_and_alias(province: Place) -> None:
    for text in ("南昌市", "360100", "Nanchang", "江西省南昌市"):
        scorecard = json.loads(province.call("scorecard", text, "--json").stdout)
        assert scorecard["city"]["city_code"] == "360100"


def test_status_says_whether_there_is_something_new(province: Place) -> None:
    status = json.loads(province.call("status", "--json").stdout)
    assert status["is_up_to_date"] is True
    assert sum(row["rows_read"] for row in status["datasets"]) == sum(map(lines_of, INBOX.rglob("*.csv")))


def test_a_query_answers_in_json_objects(province: Place) -> None:
    answer = province.call("query", "select count(*) as cities from reference.cities", "--json")
    assert json.loads(answer.stdout) == [{"cities": 11}]


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_csv('/etc/hostname')",
        "copy (select 1) to 'stolen.csv'",
        "attach 'other.duckdb'",
        "install httpfs",
        "load httpfs",
        "create table mine as select 1",
        "set enable_external_access = true",
        "export database 'stolen'",
        "delete from reference.cities",
        "select from where",
    ],
)
def test_a_query_reaches_nothing_but_the_release(province: Place, sql: str) -> None:
    answer = province.call("query", sql)
    assert answer.returncode == 2
    assert "Traceback" not in answer.stderr
    assert not (PROJECT_ROOT / "stolen.csv").exists()


def test_an_export_holds_every_parquet_file_and_the_manifest(province: Place, tmp_path: Path) -> None:
    assert province.call("export", str(tmp_path / "out")).returncode == 0
    exported = {file.name for file in (tmp_path / "out").iterdir()}
    assert exported == {file.name for file in (province.release().folder / "parquet").iterdir()} | {"MANIFEST.json"}


# --- the registry on the shipped figures ------------------------------------------------------------------------


def test_three_directions_of_the_core_basket_are_complete_for_every_city(province: Place) -> None:
    rows = province.rows(
        """
        select indicators.dimension_id, count(*) as indicators, min(figures.cities) as cities
        from reference.basket_indicators as members
        inner join reference.indicators as indicators using (indicator_id)
        left join (
            select indicator_id, count(attainment) as cities from scorecards.indicator_scores group by indicator_id
        ) as figures using (indicator_id)
        where members.basket_id = 'core'
        group by indicators.dimension_id
        """
    )
    complete = {row["dimension_id"] for row in rows if row["indicators"] >= 3 and row["cities"] == 11}
    assert complete == {"momentum", "livability", "ecology"}
    assert all(row["indicators"] < 3 for row in rows if row["dimension_id"] not in complete)


def test_each_of_the_four_families_feeds_a_scored_indicator_through_its_parts(province: Place) -> None:
    rows = province.rows(
        """
        select distinct indicators.dataset
        from reference.indicator_parts as parts
        inner join reference.indicators as indicators using (indicator_id)
        inner join reference.goalposts using (indicator_id)
        inner join reference.basket_indicators as members using (indicator_id)
        where indicators.weight > 0 and members.basket_id = 'full'
        """
    )
    assert {row["dataset"] for row in rows} >= {"housing_renewal", "pipe_networks", "parks", "employment_events"}


def test_a_derived_figure_scores_with_both_parts_in_sight(province: Place) -> None:
    where = "city_code = '360100' and indicator_id = 'city_statistics.hospital_beds_per_1000'"
    (score,) = province.rows(f"from scorecards.indicator_scores where {where}")
    (parts,) = province.rows(f"from observations.derived_parts where {where}")
    assert (round(score["value"], 2), score["qualifier"], score["source_grade"]) == (6.55, "about", "C")
    assert (parts["numerator_file"], parts["denominator_file"]) == (
        "city_statistics/hospital_beds_2023.csv",
        "city_statistics/population_2021_2024.csv",
    )
    assert_documented("43036 × 0.1 ÷ 657 = 6.55 beds per 1000 residents")


def test_the_readme_counts_the_shipped_rows(province: Place) -> None:
    (counts,) = province.rows("select sum(rows_read) as read from intake.files")
    for name in ("README.md", "README.zh-CN.md"):
        assert f" {int(counts['read']):,} " in (PROJECT_ROOT / name).read_text("utf-8")


def test_the_conflicts_over_the_product_of_2023_stay_in_sight(province: Place) -> None:
    rows = province.rows(
        "from observations.source_conflicts where indicator_id = 'city_statistics.gdp_100m_yuan' and year = 2023"
    )
    assert {(row["city_code"], row["value"], row["other_value"]) for row in rows} == {
        ("360100", 7324.46, 7213.0),
        ("360400", 3733.45, 3845.0),
    }


def test_levels_of_development_say_so_and_inherited_counts_do_not_score(province: Place) -> None:
    names = ("gdp_per_capita_yuan", "tertiary_share_pct", "budget_revenue_per_capita_yuan")
    rows = province.rows(
        f"from reference.indicators where indicator_id in {tuple(f'city_statistics.{name}' for name in names)}"
    )
    assert len(rows) == 3
    for row in rows:
        assert row["about_zh"].startswith("反映发展水平，不是本政策的成效")
        assert row["about_en"].startswith("Measures the level of development, not the effect of this policy")
    cards = (province.release().folder / "docs" / "indicators.en.md").read_text("utf-8")
    assert cards.count("Measures the level of development, not the effect of this policy") == 3
    assert cards.count("Responsible: awaiting assignment") > 100
    (heritage,) = province.rows("from reference.indicators where indicator_id like '%national_heritage_sites'")
    assert heritage["weight"] == 0


# --- the worked examples of docs/method.md ----------------------------------------------------------------------

METHOD = " ".join((PROJECT_ROOT / "docs" / "method.md").read_text("utf-8").split())
PARK = "city_code = '360100' and indicator_id = 'parks.park_area_per_capita_m2'"


def assert_documented(*texts: str) -> None:
    """The numbers just recomputed stand in the documentation, in these words."""
    assert [text for text in texts if text not in METHOD] == []


def test_the_worked_projection_is_that_of_the_shipped_figures(province: Place) -> None:
    (row,) = province.rows(f"from scorecards.projections where {PARK}")
    points = province.rows(f"from scorecards.projection_points where {PARK} order by year")
    assert [point["year"] for point in points] == [*range(2014, 2023), 2024]
    ends = [f"{row[f'projected_{name}']:.2f}" for name in ("value", "low", "high")]
    assert_documented(f"{ends[0]} m² in 2030, between {ends[1]} and {ends[2]}")
    assert_documented(f"In the backtest {row['coverage_share']:.1%} of {row['coverage_forecasts']} rates lay inside")
    assert_documented(f"the standard of 14.8 is met with a probability of {row['probability_met']:.3f}")


def test_intervals_hold_later_figures_at_every_published_horizon(province: Place) -> None:
    published = province.rows("from scorecards.projection_backtest where is_published")
    assert {row["kind"] for row in published} == {"rate", "amount"}
    assert all(0.85 <= row["coverage_share"] <= 0.95 for row in published)
    for kind in ("rate", "amount"):
        own = [row for row in published if row["kind"] == kind]
        held = sum(row["coverage_share"] * row["forecasts"] for row in own) / sum(row["forecasts"] for row in own)
        assert 0.85 <= held <= 0.95


def test_no_interval_is_without_width(province: Place) -> None:
    (row,) = province.rows("select min(projected_high - projected_low) as width from scorecards.projections")
    assert row["width"] > 0


def test_the_worked_break_leaves_two_points(province: Place) -> None:
    (row,) = province.rows(
        "from scorecards.projections where city_code = '360100' and indicator_id = 'city_statistics.gdp_100m_yuan'"
    )
    assert (row["projection_status"], row["points"], row["break_year"]) == ("too_few_points", 2, 2024)
    assert_documented("product from 2024 on follows the fifth economic census; two points are left")


def test_the_worked_paces_from_now_and_milestones_are_those_of_the_shipped_figures(province: Place) -> None:
    (row,) = province.rows(f"from scorecards.indicator_scores where {PARK}")
    assert_documented(f"0.155 / 0.318 = {row['pace_ratio_linear_from_now']:.3f}")
    assert_documented(
        f"{row['observed_growth_rate']:.6f} / {row['required_growth_rate']:.6f}"
        f" = {row['pace_ratio_compound_from_now']:.3f}"
    )
    needed = province.rows(f"from scorecards.milestone_targets where {PARK} order by milestone_year")
    years = {row["milestone_year"]: f"{row['required_change_per_year']:.3f}" for row in needed}
    assert_documented(f"{years[2027]} m² a year until 2027, {years[2030]} until 2030, {years[2035]} until 2035")


def test_three_directions_are_ranked_with_intervals_and_the_other_rankings_say_why_not(province: Place) -> None:
    rows = {row["dimension_id"]: row for row in province.rows("from scorecards.rankings")}
    assert len(rows) == 8
    ranked = {name for name, row in rows.items() if row["ranking_status"] == "ranked"}
    assert ranked == {"momentum", "livability", "ecology"}
    assert all(rows[name]["cities_ranked"] == 11 for name in ranked)
    assert {rows[name]["ranking_status"] for name in rows.keys() - ranked} == {"too_few_scores"}
    assert len(province.rows("from scorecards.rank_intervals")) == 33


def test_the_listings_are_as_the_method_says(province: Place) -> None:
    (pair,) = province.rows("from scorecards.redundant_indicators")
    assert pair["indicator_id"] == "city_statistics.budget_revenue_per_capita_yuan"
    assert pair["other_indicator_id"] == "city_statistics.gdp_per_capita_yuan"
    found = province.rows("from scorecards.non_discriminating_indicators order by indicator_id")
    assert [(row["indicator_id"], row["cities"]) for row in found] == [
        ("parks.green_coverage_pct", 11),
        ("parks.green_space_pct", 11),
    ]


def test_the_workbook_has_every_city_and_measure_and_no_score_where_there_is_none(province: Place) -> None:
    book = openpyxl.load_workbook(Paths(province.data).current_release / WORKBOOK, read_only=True)
    cities = province.rows("select name_zh || ' ' || name_en as name from reference.cities order by city_code")
    assert [city["name"] for city in cities] == [name for name in book.sheetnames if name.split()[0].endswith("市")]
    rows = list(book["总览 Overview"].iter_rows(values_only=True))
    overview = [row for row in rows if row[0] is not None and "\n" in str(row[0]) and isinstance(row[1], int | float)]
    assert len(overview) == len(cities)
    published = {row["city_code"]: row for row in province.rows("from scorecards.city_scores where basket_id = 'core'")}
    for row, city in zip(overview, sorted(published), strict=True):
        scores = province.rows(
            "from presentation.dimension_score_rows where is_headline and city_code = ? order by dimension_position",
            [city],
        )
        assert list(row[5::2][: len(scores)]) == [score["rank"] for score in scores]
        assert [value for value in row[4::2] if isinstance(value, int | float)] == pytest.approx(
            [score["evidenced"] for score in scores if score["evidenced"] is not None]
        )
    measures = [row[0] for row in book["措施 Measures"].iter_rows(values_only=True) if isinstance(row[0], int)]
    assert measures == [row["measure_id"] for row in province.rows("from reference.measures order by measure_id")]


def test_the_journal_tells_how_long_every_step_took_and_how_many_rows_it_made(province: Place) -> None:
    (file,) = (province.data / "state" / "logs").iterdir()
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    run_id = province.release().manifest.run.run_id
    of_run = [line for line in lines if line.get("run_id") == run_id]
    assert of_run[0]["event"] == "began"
    steps = {step["step"]: step["seconds"] for line in of_run if line["event"] == "ended" for step in line["steps"]}
    assert {"intake__contracts", "release__current"} <= set(steps)
    assert all(seconds >= 0 for seconds in steps.values())
    with open_instance(Paths(province.data)) as instance:
        cities = instance.get_latest_materialization_event(dg.AssetKey(["reference", "cities"]))
    assert cities is not None
    assert cities.asset_materialization is not None
    assert (cities.run_id, cities.asset_materialization.metadata["dagster/row_count"].value) == (run_id, 11)
    assert any(line["event"] == "ended" and line["is_new"] and line["seconds"] > 0 for line in lines)
    assert oct((province.data / "state").stat().st_mode & 0o777) == "0o700"
    metrics = (province.data / "metrics" / "gancheng.prom").read_text("utf-8")
    assert 'stage="release",step="release__current"' in metrics
    assert f'release_id="{province.release().manifest.release_id}"' in metrics
