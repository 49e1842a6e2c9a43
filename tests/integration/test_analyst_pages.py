"""The pages for analysts: what they state and show holds for a release."""

from __future__ import annotations

import json
import re
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from assets.core.paths import PROJECT_ROOT
from assets.release.read.reader import Release
from tests.builders.candidates import copy_release

PAGES = sorted((PROJECT_ROOT / "docs" / "analysts").glob("*.md"))
BLOCKS = [
    pytest.param(block, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, block in enumerate(re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL))
]


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return copy_release(tmp_path_factory.mktemp("analyst") / "data")


@pytest.mark.parametrize("block", BLOCKS)
def test_the_python_of_a_page_runs(
    release: Release, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], block: str
) -> None:
    if "polars" in block:
        pytest.importorskip("polars")
    monkeypatch.chdir(release.folder.parents[2])
    exec(compile(block, "page", "exec"), {})
    assert capsys.readouterr().out


def test_columns_that_a_page_types_exist(release: Release) -> None:
    columns = set(pq.read_schema(release.folder / "parquet" / "scorecard_long.parquet").names)
    text = (PROJECT_ROOT / "docs" / "analysts" / "excel.md").read_text("utf-8")
    assert set(re.findall(r'\{"(\w+)", ', text)) <= columns


def test_the_file_that_power_query_opens_is_found_without_the_link(release: Release) -> None:
    page = (PROJECT_ROOT / "docs" / "analysts" / "excel.md").read_text("utf-8")
    ((name, key),) = re.findall(r'Json.Document\(File.Contents\(Releases & "(.+?)"\)\)\[(\w+)\]', page)
    (path,) = re.findall(r'File.Contents\(Releases & Current & "(.+?)"\)', page)
    current = json.loads((release.folder.parent / name).read_text("utf-8"))[key]
    assert (release.folder.parent / current).joinpath(*path.strip("\\").split("\\")).is_file()


def test_the_index_read_as_json_names_the_newest_file(release: Release) -> None:
    page = (PROJECT_ROOT / "docs" / "analysts" / "duckdb-http.md").read_text("utf-8")
    (sql,) = re.findall(r"```sql\n(select current.*?);\n```", page, re.DOTALL)
    releases: Path = release.folder.parent
    current, file = duckdb.sql(sql.replace("https://server/releases", str(releases))).fetchall()[0]
    assert current == release.manifest.release_id
    assert (releases / file).is_file()
