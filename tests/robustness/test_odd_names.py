"""Odd names of files: each file is released or refused by its name, and the doctor has nothing against it.

`make prove` sends 500 names, the test command 60.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest

from assets.core.inbox_files import list_inbox
from assets.core.paths import DATA_DIR_VARIABLE, Paths
from assets.release.publish.retention import verify_release
from pipelines.cli import doctor
from pipelines.preconditions import find_unmet
from pipelines.runner import run_if_changed
from tests.builders.data_directories import copy_countries
from tests.builders.odd_names import odd_names
from tests.helpers.proof_scale import times

ROWS = "country,year,life_years,coal_pct,source_id,source_grade\nAland,2024,70,30,synthetic,A\n"
NAMES = times(60, 500)


def test_a_file_of_any_name_is_released_or_refused_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = copy_countries(tmp_path / "data")
    paths, folder = Paths(place.data), os.fsencode(place.data / "inbox" / "country_statistics")
    monkeypatch.setenv(DATA_DIR_VARIABLE, str(place.data))
    odd_folder = os.path.join(os.fsencode(paths.inbox), "统计".encode("gbk"))
    os.mkdir(odd_folder)
    for number, name in enumerate([*odd_names(NAMES * 6 // 5), b"in the odd folder.csv"]):
        with suppress(OSError), open(os.path.join(folder if b"odd" not in name else odd_folder, name), "xb") as file:
            file.write(ROWS.encode() + b"\n" * number)
    sent = {entry.name for entry in list_inbox(paths.inbox)}
    assert len(sent) >= NAMES
    assert find_unmet(paths) == []
    outcome = run_if_changed(paths, lambda _table, _total: None)
    files = outcome.release.rows("select file, status from intake.files")
    assert {row["file"] for row in files} == sent
    refused = {row["file"] for row in files if row["status"] != "read"}
    reasons = outcome.release.rows("select distinct file from intake.rejects where line is null and remedy_en <> ''")
    assert {row["file"] for row in reasons} == refused
    assert {name for name in sent if name.startswith("country") and name.endswith(".csv")}.isdisjoint(refused)
    assert verify_release(paths, "current").issues == ()
    assert [issue for issue in doctor.diagnose(paths) if issue.code != "disk_nearly_full"] == []
    print(len(sent), len(refused))  # noqa: T201
