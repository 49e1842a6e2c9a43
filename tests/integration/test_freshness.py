"""What is overdue is told on the day on which one looks; the release holds what has arrived and when more is due."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import dagster as dg

from assets.core.paths import Paths
from assets.quality.assets import check_figures_are_in_time
from assets.warehouse.connection import Warehouse
from pipelines.observability.overdue import find_overdue
from tests.builders.candidates import fill, release_of
from tests.builders.data_directories import Place


def shown(warehouse: Warehouse) -> dg.AssetCheckResult:
    result = check_figures_are_in_time(warehouse=warehouse)
    assert isinstance(result, dg.AssetCheckResult)
    return result


def test_the_check_in_dagster_warns_of_what_is_late_today(tmp_path: Path) -> None:
    warehouse = Warehouse(Paths(tmp_path))
    with warehouse.connect() as connection:
        fill(connection)
    assert shown(warehouse).passed
    with warehouse.connect() as connection:
        connection.execute("insert into intake.datasets values ('sheet', '表', 'Sheet', '03-31', 2020)")
        connection.execute(
            "insert into quality.freshness by name select 'sheet' as dataset, 'A' as city_code, "
            "2020 as due_year, date '2021-03-31' as due_date"
        )
        release = release_of(connection, tmp_path)
    warned = shown(warehouse)
    assert (warned.passed, warned.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert warned.metadata["cities_late"].value == 1
    assert [(row["due_year"], row["cities"]) for row in find_overdue(release, date(2021, 4, 1))] == [(2020, 1)]
    assert find_overdue(release, date(2021, 3, 31)) == []


def test_status_tells_what_is_overdue_on_a_day(province: Place) -> None:
    told = json.loads(province.call("status", "--json", "--as-of", "2026-04-01").stdout)["late"]
    assert {row["due_date"] for row in told} == {"2026-01-31", "2026-03-31"}
    assert all(row["cities"] == len(row["cities_zh"].split("、")) for row in told)
    text = province.call("status", "--lang", "en", "--as-of", "2026-01-31").stdout
    assert "Nothing is overdue" in text
    assert "Overdue: " in province.call("status", "--lang", "en", "--as-of", "2026-02-01").stdout
    assert province.release().manifest.run.as_of is not None
