"""The journal of runs: a JSON object a line, a file a day, only so many days, and never in the way of a run."""

from __future__ import annotations

import json
from pathlib import Path

from assets.core.paths import Paths
from pipelines.observability.run_log import RunLog


def test_a_line_is_an_object_with_time_and_event(tmp_path: Path) -> None:
    journal = RunLog(Paths(tmp_path))
    journal.write("made", table="scorecards.city_scores", rows=11, steps=[{"step": "x", "seconds": 0.5}])
    journal.write("ended", release_id="赣\n", is_new=True)
    (file,) = journal.folder.iterdir()
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert file.stem == lines[0]["at"][:10]
    assert [(line["event"], line.get("rows"), line.get("release_id")) for line in lines] == [
        ("made", 11, None),
        ("ended", None, "赣\n"),
    ]


def test_only_the_newest_days_are_kept(tmp_path: Path) -> None:
    journal = RunLog(Paths(tmp_path))
    journal.folder.mkdir(parents=True)
    for day in range(1, 13):
        (journal.folder / f"2026-01-{day:02}.jsonl").touch()
    (journal.folder / "notes.txt").touch()
    journal.prune(keep=2)
    assert sorted(file.name for file in journal.folder.iterdir()) == [
        "2026-01-11.jsonl",
        "2026-01-12.jsonl",
        "notes.txt",
    ]


def test_a_journal_that_cannot_be_written_is_left(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "logs").touch()
    journal = RunLog(Paths(tmp_path))
    journal.write("began")
    journal.prune()
    assert (tmp_path / "state" / "logs").read_bytes() == b""


def test_a_run_that_began_and_said_no_end_is_found_whatever_else_stands_there(tmp_path: Path) -> None:
    journal = RunLog(Paths(tmp_path))
    for run_id in ("a", "b", "c"):
        journal.write("began", run_id=run_id, job="refresh")
    journal.write("failed", run_id="a")
    # The clock was set back while this one ran: its end stands in a file of an earlier day.
    (journal.folder / "1999-01-01.jsonl").write_text('{"event": "ended", "run_id": "b"}\n{"event": "beg', "utf-8")
    # As lines were before they named their job, when not every end named its run.
    journal.write("began", run_id="old", inputs="x")
    assert [line["run_id"] for line in journal.unfinished_runs()] == ["c"]
    assert [journal.final_status(run_id) for run_id in ("a", "b", "c", "d")] == ["failed", "ended", "began", None]
    journal.write("killed", run_id="c", job="refresh")
    assert journal.unfinished_runs() == []
