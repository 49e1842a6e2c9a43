"""The sixth dataset of docs/contracts.md, followed as the page describes it."""

from __future__ import annotations

import re
from pathlib import Path

from assets.core.paths import PROJECT_ROOT
from tests.builders.data_directories import copy_province

PAGE = (PROJECT_ROOT / "docs" / "contracts.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("## A sixth dataset")[2].partition("\n## ")[0]
FILES = re.findall(r"^`data/([^`]+)`[^\n]*:\n\n```\w*\n(.*?)```", SECTION, re.DOTALL | re.MULTILINE)


def test_the_page_adds_a_dataset_without_sql_and_python(tmp_path: Path) -> None:
    assert [name for name, _ in FILES] == [
        "contracts/public_transport.yml",
        "reference/indicators.csv",
        "reference/indicator_measures.csv",
        "reference/goalposts.csv",
        "reference/basket_indicators.csv",
        "reference/sources.csv",
        "inbox/public_transport/example.csv",
    ]
    place = copy_province(tmp_path / "data")
    for name, text in FILES:
        file = place.data / name
        is_added = file.is_file()
        assert is_added == name.startswith("reference/")
        place.write(name, (file.read_text("utf-8") if is_added else "") + text)
    outcome = place.run()
    (arrived,) = [file for file in outcome["files"] if file["file"] == "public_transport/example.csv"]
    assert (arrived["rows_accepted"], arrived["rows_rejected"]) == (2, 0)

    ((command, answer),) = re.findall(r'\$ gancheng query "(.*?)"\n(.*?)```', SECTION, re.DOTALL)
    shown = [re.split(r"  +", line.strip()) for line in answer.splitlines()]
    rows = place.rows(command)
    assert [[str(value) for value in row.values() if value is not None] for row in rows] == shown
    (counted,) = place.rows(
        "select count(*) as indicators from reference.indicators where dimension_id = 'ecology' and weight > 0"
    )
    assert f"ecology has {counted['indicators']} indicators" in SECTION
