"""Other directories than the shipped one: another domain, and a sixth dataset, without a line of Python."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.builders.data_directories import FIXTURES, Place, copy_province


def test_countries_are_scored_by_the_plain_formulas(countries: Place) -> None:
    scores = {
        (row["city_code"], row["dimension_id"]): (row["evidenced"], row["possible"])
        for row in countries.rows("from scorecards.dimension_scores")
    }
    assert scores == {
        ("A", "health"): (80, 80),  # (76 - 60) / (80 - 60)
        ("A", "energy"): (50, 50),  # (25 - 50) / (0 - 50)
        ("B", "health"): (50, 50),
        ("B", "energy"): (60, 60),
        ("C", "health"): (0, 100),
        ("C", "energy"): (10, 10),
    }


def test_the_index_weighs_the_dimensions_and_what_is_open_is_a_range_without_rank(countries: Place) -> None:
    rows = countries.rows("from scorecards.city_scores order by city_code")
    index = [(row["evidenced"], row["possible"], row["rank"], row["score_status"]) for row in rows]
    assert index == [(57.5, 57.5, 1, "ranked"), (57.5, 57.5, 1, "ranked"), (7.5, 32.5, None, "too_open")]
    pairs = countries.rows("from scorecards.certain_pairs where level = 'index'")
    assert {(row["city_code"], row["other_city_code"], row["margin"]) for row in pairs} == {
        ("A", "C", 25.0),
        ("B", "C", 25.0),
    }


def plain_index(health: float, energy: float, of_health: float = 1, of_energy: float = 3) -> float:
    return (health * of_health + energy * of_energy) / (of_health + of_energy)


def test_the_intervals_of_countries_tell_what_the_weights_can_turn(countries: Place) -> None:
    rows = countries.rows("from scorecards.rank_intervals where level = 'index' order by city_code")
    intervals = [(row["city_code"], row["nominal_rank"], row["rank_low"], row["rank_high"]) for row in rows]
    assert intervals == [("A", 1, 1, 2), ("B", 1, 1, 2)]
    # A and B are equal: a heavier health puts A ahead, a heavier energy B
    assert plain_index(80, 50, 1.25) > plain_index(50, 60, 1.25)
    assert plain_index(80, 50, 0.75) < plain_index(50, 60, 0.75)
    assert countries.rows("from scorecards.robust_rank_pairs where level = 'index'") == []


def test_a_target_of_one_country_is_no_target_of_another(countries: Place) -> None:
    rows = countries.rows("from scorecards.indicator_scores where indicator_id = 'country_statistics.life_years'")
    assert {row["city_code"]: row["target_authority"] for row in rows} == {"A": "none", "B": "policy_city", "C": "none"}


def test_the_total_of_the_world_is_set_aside(countries: Place) -> None:
    (file,) = countries.rows("from intake.files")
    assert (file["rows_read"], file["rows_accepted"], file["rows_aggregate"]) == (6, 5, 1)


def test_a_sixth_dataset_is_a_contract_rows_of_the_registry_and_its_inbox(tmp_path: Path) -> None:
    place = copy_province(tmp_path / "data")
    shutil.copytree(FIXTURES / "sixth_dataset", place.data, dirs_exist_ok=True)
    registry = place.data / "reference" / "indicators.csv"
    row = "heritage.listed_buildings,heritage,culture,历史建筑,Listed buildings,合成,Synthetic,-,个,0,1,全市,stock"
    row += ",0,,at_least,linear,,5,0,,,,,,待明确,awaiting assignment\n"
    registry.write_text(registry.read_text("utf-8") + row, "utf-8")
    links = place.data / "reference" / "indicator_measures.csv"
    links.write_text(links.read_text("utf-8") + "heritage.listed_buildings,20\n", "utf-8")
    place.run()
    (score,) = place.rows(
        "from scorecards.indicator_scores where indicator_id = 'heritage.listed_buildings' and value is not null"
    )
    assert (score["city_code"], score["value"], score["data_status"]) == ("360100", 12.0, "context")
