"""What files have for a terminal is shown and never carried out, and no encoding of a terminal ends a command."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.core.errors import Issue
from assets.core.text import escape_control
from pipelines.cli.options import make_console, write_result, write_text
from pipelines.cli.render.tables import make_table, print_issues

HOSTILE = "a\x1b]0;title\x07\x1b[2J\x9b31m\u202ecsv.exe\ud800\x00"


@given(st.text())
def test_no_control_character_passes_and_the_rest_stays(text: str) -> None:
    shown = escape_control(text)
    shown.encode("utf-8")
    assert all(letter in "\n\t" or not letter < " " for letter in shown)
    assert escape_control(shown) == shown
    assert json.loads(escape_control(json.dumps(text, ensure_ascii=False))) == text


def test_a_line_a_table_and_an_issue_show_what_a_terminal_would_obey(capsys: pytest.CaptureFixture[str]) -> None:
    write_text(HOSTILE, make_table(["file"], rows=[[HOSTILE]]))
    print_issues(make_console(is_error=True), [Issue("missing_file", HOSTILE, file=HOSTILE)], "en")
    output = capsys.readouterr()
    for text in (output.out, output.err):
        assert not set(text) & {"\x1b", "\x07", "\x9b", "\u202e", "\ud800", "\x00"}
        assert r"\u001b" in text


def test_json_has_the_text_and_no_control_character(capsys: pytest.CaptureFixture[str]) -> None:
    write_result(as_json=True, content={"file": HOSTILE}, render=lambda: "")
    text = capsys.readouterr().out
    assert json.loads(text) == {"file": HOSTILE}
    assert not set(text) & {"\x1b", "\x9b", "\u202e", "\ud800"}
