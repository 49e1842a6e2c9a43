"""`trace`, `diff` and `whatif` on the release of the shipped figures."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from assets.release.publish.manifest import find_damages
from tests.builders.data_directories import Place, copy_countries


def call_json(place: Place, *arguments: str) -> Any:
    done = place.call(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def place_text(place: Place, *arguments: str) -> str:
    done = place.call(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_score_is_traced_to_the_line_as_it_was_sent(province: Place) -> None:
    (best,) = province.rows(
        "select city_code, indicator_id, attainment, line from scorecards.indicator_scores "
        "where attainment between 1 and 99 order by all limit 1"
    )
    trace = call_json(province, "trace", best["city_code"], best["indicator_id"])
    formula = trace["formula"]
    assert formula["is_published"]
    # The text is a sum that anybody can do again.
    worked = eval(formula["text"].replace("×", "*").replace("÷", "/").replace("−", "-"))
    assert worked == pytest.approx(best["attainment"], abs=1e-9)
    current = next(row for row in trace["vintages"] if row["is_current"])
    assert current["line"] == best["line"]
    assert current["as_sent"]["status"] == "read"
    assert f"{current['value']:g}"[:4] in current["as_sent"]["text"]


def test_the_formula_gives_the_published_score_of_every_indicator(province: Place) -> None:
    from assets.release.explain.score_trace import attainment_formula

    release = province.release()
    indicators = {row["indicator_id"]: row for row in release.rows("from reference.indicators")}
    goalposts = {row["indicator_id"]: row for row in release.rows("from reference.goalposts")}
    points = release.rows("from scorecards.attainment_history where attainment is not null")
    assert points
    for point in points:
        i = point["indicator_id"]
        assert attainment_formula(point, goalposts[i], indicators[i])["is_published"], point


def test_a_dimension_shows_its_range_in_every_basket_and_what_is_open(province: Place) -> None:
    (row,) = province.rows(
        "select * from scorecards.dimension_scores where basket_id = 'full' and indicators_scored > 1 "
        "order by city_code, dimension_id limit 1"
    )
    trace = call_json(province, "trace", row["city_code"], row["dimension_id"])
    headline, full = trace["ranges"]
    assert (headline["basket"]["basket_id"], full["basket"]["basket_id"]) == ("core", "full")
    for group in trace["ranges"]:
        for end in ("evidenced", "possible"):
            formula = group["formulas"][end]
            assert formula["is_published"]
            worked = eval(formula["text"].replace("×", "*").replace("÷", "/"))
            assert worked == pytest.approx(group["score"][end], abs=1e-7)
        assert sum(figure["points"] for figure in group["open"]) == pytest.approx(group["score"]["open"], abs=1e-6)
    assert len(full["members"]) == row["indicators_total"]
    assert len(full["open"]) == row["indicators_total"] - row["indicators_scored"]
    points = [figure["points"] for figure in full["open"]]
    assert points == sorted(points, reverse=True)


def test_the_trace_of_the_index_says_why_there_is_none(province: Place) -> None:
    index = call_json(province, "trace", "360100", "index")
    headline = index["ranges"][0]
    assert (headline["score"]["score_status"], headline["formulas"]) == ("too_narrow", {})
    assert len(headline["members"]) == 6
    assert "too few indicators" in province.call("trace", "360100", "index").stdout


def test_a_derived_score_is_traced_to_the_lines_of_both_parts(province: Place) -> None:
    trace = call_json(province, "trace", "360100", "city_statistics.hospital_beds_per_1000")
    assert trace["vintages"] == []
    above, below = trace["parts"]
    assert (above["part"], below["part"]) == ("numerator", "denominator")
    assert above["derived_value"] == above["value"] * above["multiplier"] / below["value"] == trace["score"]["value"]
    assert ",43036," in above["as_sent"]["text"]
    assert ",约657," in below["as_sent"]["text"]
    shown = place_text(province, "trace", "360100", "city_statistics.hospital_beds_per_1000", "--lang", "en")
    assert "Derived: 43036 × 0.1 ÷ 657" in shown
    assert f"{below['file']}, line {below['line']}" in shown


def test_a_figure_of_a_crosstab_is_traced_to_its_cell_and_the_headers_above(tmp_path: Path) -> None:
    place = copy_countries(tmp_path / "data")
    contract = place.data / "contracts/country_statistics.yml"
    text = contract.read_text(encoding="utf-8").replace("year: {type: integer,", "year: {type: integer, unit: 年,")
    layouts = "layouts: [years_in_columns, places_in_columns]\nyear_from: [title]\ncolumns:"
    contract.write_text(text.replace("columns:", layouts, 1), encoding="utf-8")
    shutil.rmtree(place.data / "inbox/country_statistics")
    sheet = ["Synthetic 2020", "item,source_id,source_grade,Aland,Borduria"]
    sheet += ["预期寿命,synthetic,A,暂缺,70.5", "煤炭占比,synthetic,A,40,暂缺"]
    place.write("inbox/country_statistics/crosstab.csv", "\n".join(sheet))
    place.run()
    trace = call_json(place, "trace", "B", "country_statistics.life_years")
    assert trace["vintages"][0]["cells"]["life_years"] == "E3"
    assert trace["vintages"][0]["as_sent"]["text"] == "\n".join(sheet[1:3])


def test_an_assumed_part_moves_the_figure_that_is_derived_from_it(province: Place) -> None:
    changed = call_json(province, "whatif", "--set", "city_statistics.hospital_beds@360100@2023=20000")
    moved = {entry["item_id"] for entry in changed if entry["level"] == "indicator"}
    assert moved == {"city_statistics.hospital_beds_per_1000"}


def test_whatif_changes_what_it_says_and_no_file(province: Place) -> None:
    (row,) = province.rows(
        "select city_code, indicator_id, value, goalposts_upper from scorecards.indicator_scores "
        "where attainment < 90 and goalposts_lower < goalposts_upper order by all limit 1"
    )
    assumption = f"{row['indicator_id']}@{row['city_code']}={row['goalposts_upper']}"
    changed = call_json(province, "whatif", "--set", assumption)
    (own,) = (entry for entry in changed if entry["level"] == "indicator" and entry["city_code"] == row["city_code"])
    assert own["evidenced_after"] == own["possible_after"] == 100
    release = province.release()
    assert find_damages(release.folder, release.manifest) == []


def test_a_figure_in_place_of_a_missing_one_stays_within_the_range(province: Place) -> None:
    (row,) = province.rows(
        "from presentation.open_figures where basket_id = 'full' and city_code = '360100' "
        "and indicator_id = 'pipe_networks.water_leakage_pct'"
    )
    changed = call_json(province, "whatif", "--set", f"{row['indicator_id']}@360100=9")
    (own,) = (entry for entry in changed if (entry["level"], entry["basket_id"]) == ("dimension", "full"))
    assert own["evidenced_before"] < own["evidenced_after"] < own["possible_after"] <= own["possible_before"]
    closed = own["possible_before"] - own["evidenced_before"] - own["possible_after"] + own["evidenced_after"]
    assert closed == pytest.approx(row["points"], abs=1e-6)


def test_a_weight_of_an_indicator_is_assumed_in_every_basket(province: Place) -> None:
    changed = call_json(province, "whatif", "--set", "weight:parks.park_area_per_capita_m2=3")
    assert {entry["basket_id"] for entry in changed if entry["level"] == "dimension"} == {"core", "full"}


def test_the_levers_of_a_city_say_what_they_are_measured_by(province: Place) -> None:
    (row,) = province.rows("select min(city_code) as city_code from reference.cities")
    trace = call_json(province, "whatif", row["city_code"])
    assert trace["basis"] == "dimension"
    moves = [lever["evidenced_after"] - lever["evidenced_before"] for lever in trace["levers"]]
    assert len(moves) == 3
    assert moves == sorted(moves, reverse=True)


def test_the_first_release_has_no_change_and_says_so(province: Place) -> None:
    assert province.rows("from release.score_changes") == []
    release = province.release()
    listed = {file.path for file in release.manifest.files}
    assert {"CHANGES.md", "parquet/score_changes.parquet", "parquet/models.parquet"} <= listed
    assert "The first release" in (release.folder / "CHANGES.md").read_text(encoding="utf-8")
    assert call_json(province, "diff", "current", "current")["changes"] == []


@pytest.mark.parametrize(
    "call",
    [
        ("trace", "nowhere", "index"),
        ("trace", "360100", "nothing"),
        ("trace", "360100", "index", "--release", "1999"),
        ("diff",),
        ("whatif",),
        ("whatif", "--set", "nonsense"),
        ("whatif", "--set", "weight:nothing=1"),
        ("whatif", "--set", "weight:dimension:ecology=-1"),
        ("whatif", "--set", "goalpost:parks.green_coverage_pct.lower=99"),
        ("whatif", "--set", "target:nothing=inf"),
    ],
)
def test_a_wrong_call_ends_without_a_traceback(province: Place, call: tuple[str, ...]) -> None:
    done = province.call(*call)
    assert done.returncode == 2
    assert "→" in done.stderr
    assert "Traceback" not in done.stderr
