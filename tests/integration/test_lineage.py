"""The proof of a release: from its scores back to the bytes that arrived."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from assets.core.files import hash_file
from assets.core.paths import PROJECT_ROOT, Paths
from assets.intake.receipts.receipts import read_receipt
from assets.release.publish.manifest import Manifest, read_manifest
from assets.release.publish.retention import verify_release
from assets.release.read.reader import get_current_release
from pipelines.cli.lineage import Proof, prove_release
from pipelines.runner import run_if_changed
from tests.builders.data_directories import Place, copy_countries, copy_of
from tests.helpers.damage import flip

PAGE = (PROJECT_ROOT / "docs" / "release.md").read_text(encoding="utf-8")
HEADER = ("country", "year", "life_years", "coal_pct", "source_id", "source_grade")
SCRIPT = re.findall(r"```python\n(.*?)```", PAGE[PAGE.index("## Proof") :], re.DOTALL)[0]


def prove(place: Place) -> Proof:
    paths = Paths(place.data)
    return prove_release(paths, get_current_release(paths))


def compute(place: Place, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    script = tmp_path / "recompute.py"
    script.write_text(SCRIPT, "utf-8")
    command = [sys.executable, str(script), str(place.data), "360100", "ecology", "core"]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)


def test_every_figure_of_the_shipped_release_follows_from_the_originals(province: Place) -> None:
    proof = prove(province)
    assert proof.issues == []
    manifest = province.release().manifest
    assert proof.originals == proof.receipts == len(manifest.inputs) > 20
    assert proof.rows == sum(file.rows_accepted + file.rows_aggregate for file in manifest.inputs)
    assert proof.tables > 20
    assert proof.figures > 10_000
    assert "quality.flags" in proof.as_published
    assert not {"scorecards.city_scores", "observations.city_observations"} & set(proof.as_published)


def test_the_script_of_the_page_computes_a_score_from_release_and_archive(province: Place, tmp_path: Path) -> None:
    assert len(SCRIPT.strip().splitlines()) <= 40
    done = compute(province, tmp_path)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^(\d+\.\d{8}) computed, \1 published$", done.stdout, re.MULTILINE)
    copy = copy_of(province, tmp_path / "data")
    for file in (copy.data / "archive").glob("*/*"):
        flip(file)
    assert "was changed" in compute(copy, tmp_path).stderr


def test_each_change_since_the_release_is_named(ran: Place) -> None:
    assert prove(ran).issues == []
    original = next((ran.data / "archive").glob("*/*"))
    receipt = next((ran.data / "lake").glob("*/*.json"))
    contract = next((ran.data / "contracts").glob("*.yml"))
    for file, code in (
        (original, "archived_file_changed"),
        (receipt, "receipt_damaged"),
        (contract, "input_changed_since_release"),
    ):
        kept = file.read_bytes()
        if file == contract:
            file.write_bytes(kept + b"\n")
        else:
            flip(file)
        assert code in {issue.code for issue in prove(ran).issues}
        file.write_bytes(kept)
    receipt.unlink()
    assert [issue.code for issue in prove(ran).issues] == ["missing_receipt"]


def test_several_workbooks_are_read_again(ran: Place) -> None:
    for year in (2021, 2022):
        book = openpyxl.Workbook()
        for cells in (HEADER, ("Aland", year, 75, 27, "synthetic", "A")):
            book.worksheets[0].append(cells)
        book.save(ran.data / "inbox" / "country_statistics" / f"{year}.xlsx")
    ran.run()
    assert sum(file.rows_accepted for file in ran.release().manifest.inputs if file.file.endswith(".xlsx")) == 2
    assert prove(ran).issues == []


def remove_lake(ran: Place) -> None:
    shutil.rmtree(ran.data / "lake" / "country_statistics")


def remove_lake_and_archive(ran: Place) -> None:
    remove_lake(ran)
    shutil.rmtree(ran.data / "archive")


def rewrite_receipt(ran: Place) -> None:
    change_receipt(ran, {"received_at": datetime(2020, 1, 1, tzinfo=UTC)})


def excuse_missing_original(ran: Place) -> None:
    shutil.rmtree(ran.data / "archive")
    change_receipt(ran, {"refusals": ({"code": "file_too_large"},)})


def change_receipt(ran: Place, fields: dict[str, Any]) -> None:
    """Write another receipt, sealed as the program seals them."""
    file = next((ran.data / "lake").glob("*/*.json"))
    receipt = read_receipt(file)
    assert receipt is not None
    file.write_text(receipt.model_copy(update=fields).to_text(), "utf-8")


@pytest.mark.parametrize(
    ("spoil", "codes"),
    [
        (remove_lake, {"missing_receipt"}),
        (remove_lake_and_archive, {"missing_receipt"}),
        (rewrite_receipt, {"input_changed_since_release"}),
        (excuse_missing_original, {"input_changed_since_release", "missing_archived_file"}),
    ],
)
def test_a_release_without_its_receipts_or_originals_is_not_proven(
    ran: Place, spoil: Callable[[Place], None], codes: set[str]
) -> None:
    spoil(ran)
    proof = prove(ran)
    assert {issue.code for issue in proof.issues} == codes
    assert proof.receipts < len(ran.release().manifest.inputs)


def test_a_model_that_does_not_run_is_named(ran: Place) -> None:
    release, name = ran.release(), "scorecards.city_scores"
    with duckdb.connect(str(release.database)) as connection:
        connection.execute("update release.models set sql = 'select no_such_column' where name = $1", [name])
    reseal(release.folder, release.manifest)
    assert [issue.file for issue in prove(ran).issues if issue.code == "model_not_recomputed"] == [name]


def test_the_command_writes_the_proof_and_what_differs(ran: Place) -> None:
    root = ran.release().manifest.root
    for language, text in (("en", "Root of the manifest"), ("zh", "清单的根")):
        done = ran.call("verify", "--deep", "--lang", language)
        assert (done.returncode, done.stderr) == (0, "")
        assert f"{text} {root}" in done.stdout
    proof = json.loads(ran.call("verify", "--deep", "--json").stdout)
    assert (proof["root"], proof["damages"]) == (root, [])
    assert proof["originals"] == proof["receipts"] == len(ran.release().manifest.inputs)
    flip(next((ran.data / "archive").glob("*/*")))
    done = ran.call("verify", "--deep")
    assert (done.returncode, done.stdout) == (1, "")
    assert "An archived file has changed" in done.stderr
    done = ran.call("verify", "--deep", "--json")
    assert (done.returncode, [damage["code"] for damage in json.loads(done.stdout)["damages"]]) == (
        *(1, ["archived_file_changed"]),
    )


def test_a_file_that_is_edited_during_a_run_is_recorded_as_it_was_at_its_beginning(tmp_path: Path) -> None:
    place = copy_countries(tmp_path / "data")
    contract = next((place.data / "contracts").glob("*.yml"))
    before = contract.read_bytes()

    def edit(table: str, _: int) -> None:
        if table.startswith("scorecards."):
            contract.write_bytes(before + b"\n")

    run_if_changed(Paths(place.data), edit)
    assert contract.read_bytes() != before
    recorded = {file.path: file.sha256 for file in place.release().manifest.written}
    assert recorded[f"contracts/{contract.name}"] == hashlib.sha256(before).hexdigest()
    assert {issue.code for issue in prove(place).issues} == {"input_changed_since_release"}


@pytest.mark.parametrize("table", ["intake.country_statistics", "scorecards.indicator_scores"])
def test_a_release_whose_manifest_fits_its_forged_figures_is_not_proven(ran: Place, table: str) -> None:
    release = ran.release()
    column = "value" if table == "scorecards.indicator_scores" else "line"
    with duckdb.connect(str(release.database)) as connection:
        connection.execute(f"update {table} set {column} = {column} + 1")
    reseal(release.folder, release.manifest)
    assert verify_release(Paths(ran.data), "current").issues == ()
    issues = prove(ran).issues
    assert ("table_not_reproduced", table) in [(issue.code, issue.file) for issue in issues]


def test_a_changed_manifest_lacks_its_root(ran: Place) -> None:
    release = ran.release()
    file = release.folder / "MANIFEST.json"
    text = file.read_text("utf-8")
    for before, after in ((release.manifest.inputs[0].file, "other.csv"), ('"rows_read": ', '"rows_read": 1')):
        file.write_text(text.replace(before, after, 1), "utf-8")
        assert [issue.code for issue in verify_release(Paths(ran.data), "current").issues] == [
            "release_digest_mismatch"
        ]


def reseal(folder: Path, manifest: Manifest) -> None:
    """Write a manifest that fits the files as they are now, as someone would who wants to hide a change."""
    files = tuple(file.model_copy(update={"sha256": hash_file(folder / file.path)}) for file in manifest.files)
    manifest.model_copy(update={"files": files}).write(folder)
    assert read_manifest(folder) != manifest
