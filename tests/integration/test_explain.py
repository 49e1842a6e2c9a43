"""`trace`, `diff` and `whatif` on the release of the shipped figures."""

from __future__ import annotations

import json
from typing import Any

import pytest

from assets.release.publish.manifest import find_damages
from tests.builders.data_directories import Place


def call_json(place: Place, *arguments: str) -> Any:
    done = place.call(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


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


def test_a_dimension_shows_its_members_and_what_is_missing(province: Place) -> None:
    (row,) = province.rows(
        "select * from scorecards.dimension_scores where indicators_scored > 1 order by city_code, dimension_id limit 1"
    )
    trace = call_json(province, "trace", row["city_code"], row["dimension_id"])
    assert trace["formula"]["is_published"]
    assert sum(member["score"] is not None for member in trace["members"]) == row["indicators_scored"]
    index = call_json(province, "trace", row["city_code"], "index")
    assert index["formula"] is None
    assert all(member["status"] for member in index["members"])


def test_whatif_changes_what_it_says_and_no_file(province: Place) -> None:
    (row,) = province.rows(
        "select city_code, indicator_id, value, goalposts_upper from scorecards.indicator_scores "
        "where attainment < 90 and goalposts_lower < goalposts_upper order by all limit 1"
    )
    assumption = f"{row['indicator_id']}@{row['city_code']}={row['goalposts_upper']}"
    changed = call_json(province, "whatif", "--set", assumption)
    (own,) = (entry for entry in changed if entry["level"] == "indicator" and entry["city_code"] == row["city_code"])
    assert own["score_after"] == 100
    release = province.release()
    assert find_damages(release.folder, release.manifest) == []


def test_the_levers_of_a_city_say_what_they_are_measured_by(province: Place) -> None:
    (row,) = province.rows("select min(city_code) as city_code from reference.cities")
    trace = call_json(province, "whatif", row["city_code"])
    assert trace["basis"] == "mean_of_available"
    moves = [lever["score_after"] - lever["score_before"] for lever in trace["levers"]]
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
        ("whatif", "--set", "target:nothing=inf"),
    ],
)
def test_a_wrong_call_ends_without_a_traceback(province: Place, call: tuple[str, ...]) -> None:
    done = province.call(*call)
    assert done.returncode == 2
    assert "→" in done.stderr
    assert "Traceback" not in done.stderr
