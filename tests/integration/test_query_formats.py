"""What `gancheng query` and `tables` write: formats, parameters, standard input, files, widths and encodings."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from assets.core.errors import UsageError
from assets.core.paths import DATA_DIR_VARIABLE
from assets.release.read.catalogue import list_columns, list_tables, select_tables
from assets.release.read.reader import Release
from assets.release.read.terms import translate_words
from pipelines.cli.app import GROUPS
from pipelines.cli.options import write_text
from pipelines.cli.render.row_formats import RowFormat, encode_rows
from pipelines.cli.render.tables import render_catalogue, render_rows
from tests.builders.candidates import candidate, tables_release_of

COLUMNS = ("city", "value", "list", "is_new")
ROWS = [
    ("南昌|市", 1234567.891, [1, 2], True),
    ("a,b", None, None, False),
    ("x\ty", math.nan, [], True),
    ("x\ny\rz", 1, [], True),
]


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    with candidate() as connection:
        return tables_release_of(connection, tmp_path_factory.mktemp("data"))


def call(release: Release, *arguments: str, sql: str = "", **environment: str) -> subprocess.CompletedProcess[bytes]:
    data = str(release.folder.parent.parent)
    command = [sys.executable, "-m", "pipelines.cli", *arguments]
    inherited = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LANG")}
    return subprocess.run(
        command,
        env={**inherited, DATA_DIR_VARIABLE: data, **environment},
        input=sql.encode(),
        capture_output=True,
        check=False,
    )


def test_json_and_ndjson_have_no_nan() -> None:
    expected = [
        {"city": "南昌|市", "value": 1234567.891, "list": [1, 2], "is_new": True},
        {"city": "a,b", "value": None, "list": None, "is_new": False},
        {"city": "x\ty", "value": None, "list": [], "is_new": True},
        {"city": "x\ny\rz", "value": 1, "list": [], "is_new": True},
    ]
    assert json.loads(encode_rows(COLUMNS, ROWS, "json")) == expected
    assert [json.loads(line) for line in encode_rows(COLUMNS, ROWS, "ndjson").splitlines()] == expected
    assert json.loads(encode_rows(COLUMNS, [], "json")) == []


@pytest.mark.parametrize(("kind", "delimiter"), [("csv", ","), ("tsv", "\t")])
def test_delimited_text_reads_back(kind: RowFormat, delimiter: str) -> None:
    text = io.StringIO(encode_rows(COLUMNS, ROWS, kind).decode(), newline="")
    rows = list(csv.reader(text, delimiter=delimiter))
    assert rows[:3] == [list(COLUMNS), ["南昌|市", "1234567.891", "[1, 2]", "true"], ["a,b", "", "", "false"]]
    assert [row[0] for row in rows[3:]] == ["x\ty", "x\ny\rz"]


def test_markdown_escapes_bars_and_aligns_numbers() -> None:
    lines = encode_rows(COLUMNS, ROWS, "md").decode().splitlines()
    assert lines[:3] == [
        "| city | value | list | is_new |",
        "| --- | ---: | --- | --- |",
        "| 南昌\\|市 | 1234567.891 | [1, 2] | true |",
    ]


def test_parquet_keeps_types(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    file.write_bytes(encode_rows(COLUMNS, ROWS[:2], "parquet"))
    assert pq.read_table(file).to_pylist()[1] == {"city": "a,b", "value": None, "list": None, "is_new": False}


def test_a_statement_from_standard_input_with_a_parameter_goes_into_a_file(release: Release, tmp_path: Path) -> None:
    file = tmp_path / "new" / "cities.csv"
    sql = "from reference.cities select city_code where city_code = $code"
    done = call(release, "query", "-", "-p", "code=A", "-o", str(file), sql=sql)
    assert (done.returncode, file.read_text("utf-8")) == (0, "city_code\nA\n")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["query", ""], "There is no statement"),
        (["query", "select 1", "-p", "x"], "not of the form name=value"),
        (["tables", "indicator_score"], "indicator_scores"),
    ],
)
def test_a_wrong_call_has_a_message(release: Release, arguments: list[str], text: str) -> None:
    done = call(release, *arguments)
    assert done.returncode == 2
    assert text in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


def call_on_a_terminal(release: Release, *arguments: str) -> tuple[int, bytes, bytes]:
    """Return exit code, standard output of a terminal, and errors of a call."""
    master, slave = os.openpty()
    environment = {**os.environ, DATA_DIR_VARIABLE: str(release.folder.parent.parent)}
    command = [sys.executable, "-m", "pipelines.cli", *arguments]
    with os.fdopen(master, "rb", buffering=0) as shown:
        done = subprocess.run(command, env=environment, stdout=slave, stderr=subprocess.PIPE, check=False)
        os.write(slave, b"\0")  # so that there is something to read
        os.close(slave)
        return done.returncode, shown.read(100_000).removesuffix(b"\0"), done.stderr


@pytest.mark.parametrize("kind", ["csv", "tsv", "json", "ndjson", "md"])
def test_a_terminal_obeys_no_text_of_a_query_in_any_format(release: Release, kind: str) -> None:
    sql = "select 'a' || chr(27) || '[2J' || chr(155) || '市' as a"
    exit_code, shown, errors = call_on_a_terminal(release, "query", sql, "--format", kind)
    text = shown.decode()
    assert exit_code == 0, errors
    assert r"\u001b[2J\u009b市" in text
    assert not {"\x1b", "\x9b"} & set(text)
    assert "\x9b" in call(release, "query", sql, "--format", kind).stdout.decode()


def test_parquet_is_not_shown_on_a_terminal(release: Release) -> None:
    exit_code, shown, errors = call_on_a_terminal(release, "query", "select 1 as a", "--format", "parquet")
    assert (exit_code, shown) == (2, b"")
    assert "Parquet cannot be shown on a terminal" in errors.decode()


@pytest.mark.parametrize("rows", [[(2**64,)], [(1,), ("a",)], [(2**127,)]])
def test_what_parquet_cannot_hold_has_a_message(rows: list[tuple[object]]) -> None:
    with pytest.raises(UsageError, match="The query failed"):
        encode_rows(["a"], rows, "parquet")


@pytest.mark.parametrize("encoding", ["gbk", "cp1252", "ascii"])
def test_an_output_in_another_encoding_does_not_break(release: Release, encoding: str) -> None:
    for arguments in (["scorecard"], ["scorecard", "A"], ["query", "select '⚑ ≥ 南昌 ✓' as a"], ["-h"]):
        done = call(release, *arguments, PYTHONIOENCODING=encoding, GANCHENG_LANG="zh")
        assert done.returncode == 0, done.stderr
        assert done.stdout.decode(encoding)
    done = call(release, "query", "select '⚑ 南昌' as a", "--json", PYTHONIOENCODING=encoding)
    assert json.loads(done.stdout) == [{"a": "⚑ 南昌"}]


@pytest.mark.parametrize("columns", ["60", "80", "120", "200", None])
def test_a_query_loses_no_digit_at_any_width(
    release: Release, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], columns: str | None
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    if columns is not None:
        monkeypatch.setenv("COLUMNS", columns)
    (rows,) = [release.rows("select * exclude (note) from scorecards.indicator_scores order by all")]
    write_text(render_rows(list(rows[0]), [list(row.values()) for row in rows]))
    shown = capsys.readouterr().out
    numbers = [str(value) for row in rows for value in row.values() if isinstance(value, int | float)]
    assert set(numbers) <= {*shown.split(), "True", "False"}
    if columns is None:
        assert len(shown.splitlines()) == 2 + len(rows)
    else:
        assert max(map(len, shown.splitlines())) <= int(columns)


def test_tables_and_columns_are_listed_with_their_meaning(release: Release) -> None:
    listed = {row["table"]: row for row in list_tables(release)}
    assert listed["scorecards.indicator_scores"]["rows"] == 4
    assert listed["presentation.scorecard_long"]["en"].startswith("Scorecard, long")
    assert {"en.indicator_scores", "中文.指标得分"} <= listed.keys()
    own = {code: {row["table"] for row in select_tables(list(listed.values()), code)} for code in ("zh", "en")}
    assert listed.keys() - own["en"] == {name for name in listed if name.startswith("中文.")}
    assert listed.keys() - own["zh"] == {name for name in listed if name.startswith("en.")}
    columns = list_columns(release, "Indicator_Scores")
    assert columns == list_columns(release, "scorecards.indicator_scores")
    assert (columns[0]["column"], columns[0]["type"], columns[0]["zh"]) == ("city_code", "varchar", "城市代码")
    assert list_columns(release, "指标得分")
    assert list_columns(release, "nothing") == []
    assert render_catalogue(columns, ("column", "type"), "zh").headings == ["列", "类型", "含义"]


def test_the_help_lists_commands_in_groups_in_one_language(release: Release) -> None:
    english, chinese = (call(release, "-h", GANCHENG_LANG=code, COLUMNS="200").stdout.decode() for code in ("en", "zh"))
    assert [title in english for title in ("Run", "Read", "Explain", "Look after")] == [True] * 4
    assert [title in chinese for title in ("运行", "查阅", "说明来历", "维护", "用法：")] == [True] * 5
    assert not any(word in chinese for word in ("Usage", "Show this", "Install completion"))
    assert all(name in english for names in GROUPS.values() for name in names)
    assert call(release, "--version").stdout.startswith(b"gancheng ")


def test_units_and_areas_are_english_words_for_an_english_reader(release: Release) -> None:
    terms = release.rows("from reference.terms where kind = 'unit' limit 1")
    content = {"unit": "万人", "rows": [{"scope": "nowhere", "value": 1.5}]}
    assert translate_words(release, content, "zh") is content
    translated = translate_words(release, content, "en")
    assert translated["rows"] == content["rows"]
    assert translate_words(release, [{"unit": row["term"]} for row in terms], "en") == [
        {"unit": row["name_en"]} for row in terms
    ]
