"""Accepted figures that do not score are counted by file, indicator and scope, and named after a run."""

from __future__ import annotations

from pipelines.cli.render.arrivals import render_sent_again, render_unscored
from tests.builders.world import World


def test_figures_of_another_scope_or_without_a_weight_do_not_score(world: World) -> None:
    world.indicator("sheet.a").indicator("sheet.context", None, weight=0)
    world.figures("sheet.a", {2023: 1, 2024: 2}, scope="district", file_sha256="f")
    for indicator in ("sheet.a", "sheet.context"):
        world.figures(indicator, {2024: 3}, file_sha256="f")
    rows = world.rows("presentation.unscored_figures")
    counted = [(row["indicator_id"], row["scope"], row["scoring_scope"], row["figures"]) for row in rows]
    assert counted == [("sheet.a", "district", "whole", 2), ("sheet.context", "whole", None, 1)]
    (text,) = render_unscored(rows, "zh")
    assert "sheet 本次收到的数字中，2 个的口径不计分，1 个的指标只展示" in text.plain
    assert "presentation.unscored_figures" in text.plain
    assert render_unscored([], "zh") == []


def test_the_same_bytes_of_another_sender_are_named_with_the_first_file(world: World) -> None:
    world.indicator("sheet.a")
    for number, file in enumerate(("sheet/甲/a.csv", "sheet/乙/b.csv"), start=1):
        arrival = {"dataset": "sheet", "file_sha256": "f", "arrival": number, "file": file, "is_last": number == 2}
        world.add("intake.file_arrivals", arrival)
    rows = world.rows("presentation.files_sent_again")
    assert [(row["first_file"], row["file"]) for row in rows] == [("sheet/甲/a.csv", "sheet/乙/b.csv")]
    (text,) = render_sent_again(rows, "zh")
    assert "sheet/乙/b.csv" in text.plain
    assert "与 sheet/甲/a.csv 逐字节相同" in text.plain
    (again,) = render_sent_again([{**rows[0], "file": "sheet/甲/c.csv"}], "zh")
    assert "再次报送" in again.plain
