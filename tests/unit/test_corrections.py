"""Corrections as they are written: every entry is read, or refused with its file and line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from assets.core.errors import DataError, Issue
from assets.core.paths import PROJECT_ROOT
from assets.observations.corrections import check_registered, read_corrections
from assets.warehouse.connection import Connection

ENTRY: dict[str, object] = {
    "id": "first",
    "dataset": "sheet",
    "indicator_id": "sheet.rate",
    "city": "360100",
    "year": 2020,
    "scope": "全市",
    "expects": {"value": 430.5},
    "action": "flag",
    "reason_zh": "理由",
    "reason_en": "Reason",
    "by": "someone",
    "date": "2026-11-23",
}
SHA = "a" * 64


def write(folder: Path, *entries: Mapping[str, object], name: str = "a.yml") -> Path:
    (folder / name).write_text(yaml.safe_dump(list(entries), allow_unicode=True, sort_keys=False), "utf-8")
    return folder


def refused(folder: Path) -> list[Issue]:
    with pytest.raises(DataError) as stopped:
        read_corrections(folder)
    return list(stopped.value.issues)


def test_an_entry_is_read_with_its_file_and_line(tmp_path: Path) -> None:
    second = {**ENTRY, "id": "second", "action": "replace", "value": 43.05, "source_id": "book", "source_grade": "A"}
    one, two = read_corrections(write(tmp_path, ENTRY, second))
    assert (one.file, one.line, one.correction.action) == ("corrections/a.yml", 1, "flag")
    assert (two.line, two.correction.value, two.correction.city) == (14, 43.05, "360100")


def test_no_folder_and_a_file_without_entries_are_no_corrections(tmp_path: Path) -> None:
    assert read_corrections(tmp_path / "none") == []
    (tmp_path / "a.yml").write_text("# nothing yet\n", "utf-8")
    (tmp_path / "b.yml").write_text("[]\n", "utf-8")
    assert read_corrections(tmp_path) == []


def test_the_shipped_corrections_can_be_read_and_the_example_in_their_comment_too(tmp_path: Path) -> None:
    (file,) = (PROJECT_ROOT / "data" / "corrections").glob("*.yml")
    assert read_corrections(file.parent) == []
    lines = file.read_text("utf-8").splitlines()[3:-1]
    (tmp_path / "a.yml").write_text("\n".join(line.removeprefix("# ") for line in lines), "utf-8")
    (entry,) = read_corrections(tmp_path)
    assert (entry.correction.action, entry.correction.factor) == ("scale", 0.1)


def test_a_city_code_may_be_written_as_a_number(tmp_path: Path) -> None:
    (entry,) = read_corrections(write(tmp_path, {**ENTRY, "city": 360100}))
    assert entry.correction.city == "360100"


BAD: dict[str, dict[str, object]] = {
    "unknown key": {"vaule": 1},
    "unknown action": {"action": "delete"},
    "replace without value": {"action": "replace"},
    "a value that nothing takes": {"value": 3},
    "scale without factor": {"action": "scale"},
    "scale by zero": {"action": "scale", "factor": 0},
    "a source without grade": {"action": "replace", "value": 1, "source_id": "book"},
    "a source of what is not replaced": {"source_id": "book", "source_grade": "A"},
    "a line without file": {"expects": {"value": 1, "line": 3}},
    "a sheet without line": {"expects": {"value": 1, "sheet": "s"}},
    "a file that is no hash": {"expects": {"value": 1, "line": 3, "file_sha256": "a.csv"}},
    "an expected word": {"expects": {"value": "43"}},
    "no number": {"expects": {"value": float("nan")}},
    "yes for a number": {"expects": {"value": True}},
    "no expectation": {"expects": {}},
    "no reason": {"reason_en": ""},
    "no name": {"by": ""},
    "no date": {"date": "soon"},
    "an id with blanks": {"id": "my entry"},
    "a year in words": {"year": "2020"},
}


@pytest.mark.parametrize("name", BAD)
def test_an_entry_that_says_too_much_or_too_little_is_refused(tmp_path: Path, name: str) -> None:
    issues = refused(write(tmp_path, ENTRY, {**ENTRY, "id": "second", **BAD[name]}))
    assert {(issue.code, issue.file) for issue in issues} == {("correction_unreadable", "corrections/a.yml")}
    assert all(issue.line is not None and issue.line >= 14 for issue in issues)


def test_a_fault_is_told_on_the_line_of_its_key(tmp_path: Path) -> None:
    (issue,) = refused(write(tmp_path, {**ENTRY, "expects": {"value": 1, "source": "book"}}))
    assert (issue.line, issue.column) == (9, "expects.source")


@pytest.mark.parametrize(
    "text", ["- id: [", "id: first\n", "- just words\n", "- id: a\n  id: b\n", "- expects: {value: 1, value: 2}\n"]
)
def test_what_is_no_list_of_entries_is_refused_with_its_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yml").write_text(text, "utf-8")
    issues = refused(tmp_path)
    assert {issue.code for issue in issues} == {"correction_unreadable"}
    assert all(issue.line for issue in issues)


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_bytes("- id: 更正".encode("gb18030"))
    assert [issue.code for issue in refused(tmp_path)] == ["correction_unreadable"]


def test_an_id_said_twice_names_both_places(tmp_path: Path) -> None:
    write(tmp_path, ENTRY)
    (issue,) = refused(write(tmp_path, {**ENTRY, "year": 2021}, name="b.yml"))
    assert (issue.code, issue.file, issue.line) == ("key_doubled", "corrections/b.yml", 1)
    assert "corrections/a.yml:1" in issue.expected


UNREGISTERED: list[tuple[dict[str, object], str]] = [
    ({"city": "999999"}, "city"),
    ({"indicator_id": "sheet.rat"}, "indicator_id"),
    ({"dataset": "sheets"}, "dataset"),
    ({"dataset": "other"}, "dataset"),
    ({"expects": {"value": 1, "source_id": "blog"}}, "expects.source_id"),
    ({"action": "replace", "value": 1, "source_id": "blog", "source_grade": "C"}, "source_id"),
]


@pytest.mark.parametrize(("said", "column"), UNREGISTERED)
def test_what_is_not_registered_is_named(
    tmp_path: Path, connection: Connection, said: dict[str, object], column: str
) -> None:
    connection.execute(
        """
        create schema reference;
        create table reference.cities as select '360100' as city_code;
        create table reference.sources as select 'book' as source_id;
        create table reference.indicators as select * from (values ('sheet.rate', 'sheet'), ('other.rate', 'other'))
            as t (indicator_id, dataset);
        """
    )
    assert check_registered(connection, read_corrections(write(tmp_path, ENTRY))) == []
    issues = check_registered(connection, read_corrections(write(tmp_path, {**ENTRY, **said})))
    assert [(issue.code, issue.column) for issue in issues] == [("foreign_key", column)]
