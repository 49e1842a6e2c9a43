"""The scripts of the report that hold data: what is in them, and which tables are too large for a page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assets.release.outputs.report import data_scripts
from assets.release.outputs.report.data_scripts import write_search_index, write_sql_data
from assets.release.outputs.report.queries import read_reference_data
from tests.builders.candidates import HOSTILE, candidate


def test_the_search_index_has_every_city_indicator_and_measure(tmp_path: Path) -> None:
    with candidate() as connection:
        registry = read_reference_data(connection)
        text = write_search_index(tmp_path, registry, lambda name: f"{name}.html").read_text(encoding="ascii")
    entries = json.loads(text.removeprefix("window.GANCHENG_SEARCH = ").removesuffix(";\n"))
    assert len(entries) == len(registry.cities) + len(registry.indicators) + len(registry.measures)
    assert ["indicator/sheet.one.html", HOSTILE, HOSTILE] in entries


def test_the_data_of_the_sql_page_has_the_figures_of_the_release(tmp_path: Path) -> None:
    with candidate() as connection:
        described, files = write_sql_data(tmp_path, connection)
        ((figures,),) = connection.execute("select count(*) from observations.current_observations").fetchall()
    tables = json.loads((tmp_path / "sql-data.js").read_text("ascii").partition(" = ")[2].removesuffix(";\n"))
    assert len(tables["figures"]["rows"]) == figures
    assert {table["name"]: table["rows"] for table in described} == {
        name: len(table["rows"]) for name, table in tables.items()
    }
    assert all(len(row) == len(table["columns"]) for table in tables.values() for row in table["rows"])
    assert {file.name for file in files} == {"sql-data.js", "sql-wasm.js"}


def test_a_table_that_is_too_large_is_left_out_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_scripts, "MAX_ROWS", 2)
    with candidate() as connection:
        described, _ = write_sql_data(tmp_path, connection)
    left_out = {table["name"] for table in described if table["is_left_out"]}
    assert "figures" in left_out
    assert "cities" not in left_out
    assert '"figures"' not in (tmp_path / "sql-data.js").read_text("ascii")
