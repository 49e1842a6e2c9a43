"""Every command that prints figures: none is cut at any width, each is one of `--json`, and no encoding breaks it."""

from __future__ import annotations

import io
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assets.core.paths import DATA_DIR_VARIABLE
from assets.core.text import format_decimal
from pipelines.cli.app import main
from tests.builders.data_directories import Place

CITY, INDICATOR, DIMENSION = "360100", "parks.park_area_per_capita_m2", "ecology"
LONG = f"select * from presentation.scorecard_long where city_code = '{CITY}'"
WIDE = "from scorecards.dimension_scores limit 40"
# Of the shipped figures, and of three releases.
COMMANDS = (
    ("province", "scorecard"),
    ("province", "scorecard", CITY),
    ("province", "status", "--as-of", "2026-11-28"),
    ("province", "trace", CITY, INDICATOR),
    ("province", "trace", CITY, DIMENSION),
    ("province", "history", CITY, INDICATOR),
    ("province", "whatif", CITY),
    ("province", "whatif", "--set", f"{INDICATOR}@{CITY}=15.55"),
    ("province", "query", LONG),
    ("province", "query", WIDE),
    ("province", "tables"),
    ("province", "tables", "scorecards.indicator_scores"),
    ("province", "releases"),
    ("province", "candidate"),
    ("three", "diff"),
    ("three", "releases"),
)
_NUMBER = re.compile(r"(?<![\w.])\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|\d+(?:\.\d+)?")


@pytest.fixture
def data(request: pytest.FixtureRequest, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> Path:
    place = request.getfixturevalue(command[0])
    folder = place.data if isinstance(place, Place) else place
    monkeypatch.setenv(DATA_DIR_VARIABLE, str(folder))
    monkeypatch.delenv("COLUMNS", raising=False)
    return folder


def output_of(monkeypatch: pytest.MonkeyPatch, *arguments: str, columns: int | None = None, code: str = "utf-8") -> str:
    """What the program writes to standard output, as bytes of an encoding."""
    written = io.BytesIO()
    with monkeypatch.context() as patched:
        if columns is not None:
            patched.setenv("COLUMNS", str(columns))
        patched.setattr(sys, "argv", ["gancheng", *arguments])
        patched.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=code, newline=""))
        with pytest.raises(SystemExit) as ended:
            main()
        sys.stdout.flush()
        text = written.getvalue().decode(code)
    assert ended.value.code in (0, None)
    return text


def numbers(text: str) -> Counter[str]:
    return Counter(number.replace(",", "") for number in _NUMBER.findall(text))


def values(content: Any) -> Iterator[float | str]:
    """The numbers and the texts of JSON, whatever its shape."""
    if isinstance(content, dict | list):
        for value in content.values() if isinstance(content, dict) else content:
            yield from values(value)
    elif isinstance(content, str) or (isinstance(content, int | float) and not isinstance(content, bool)):
        yield content


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_width_costs_a_digit(monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], language: str) -> None:
    monkeypatch.setenv("GANCHENG_LANG", language)
    arguments = command[1:]
    whole = output_of(monkeypatch, *arguments)
    for columns in (60, 80, 120, 200):
        shown = output_of(monkeypatch, *arguments, columns=columns)
        assert numbers(shown) == numbers(whole), columns
        assert "…" not in shown.replace(" … ", ""), columns


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_each_figure_is_one_of_the_json(monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]) -> None:
    content = list(values(json.loads(output_of(monkeypatch, *command[1:], "--json"))))
    known = [float(value) for value in content if not isinstance(value, str)]
    # A step is the difference of two figures, a share may be shown in percent, bytes in megabytes.
    figures = {
        abs(value - other) * scale
        for value in known
        for other in (0, *known[: 500 if command[1] == "whatif" else 0])
        for scale in (1, 100, 1e-6)
    }
    texts = numbers(" ".join(value for value in content if isinstance(value, str)))
    for number in numbers(re.sub("“.*?”", "", output_of(monkeypatch, *command[1:]))):
        digits = len(number.partition(".")[2])
        near = [figure for figure in figures if abs(figure - float(number)) < 10.0**-digits]
        rounded = {format_decimal(figure, digits).replace(",", "") for figure in near}
        assert not digits or number in rounded or number in texts, number


@pytest.mark.usefixtures("data")
@pytest.mark.parametrize("code", ["gbk", "cp1252"])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_encoding_breaks_a_command(monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], code: str) -> None:
    for language in ("zh", "en"):
        monkeypatch.setenv("GANCHENG_LANG", language)
        whole = output_of(monkeypatch, *command[1:])
        # A square metre is written m2 where the encoding has no m².
        assert numbers(output_of(monkeypatch, *command[1:], code=code).replace("²", "2")) == numbers(
            whole.replace("²", "2")
        )
    if command[1] != "query":  # whose formats are UTF-8 wherever they go
        whole = output_of(monkeypatch, *command[1:], "--json")
        assert json.loads(output_of(monkeypatch, *command[1:], "--json", code=code)) == json.loads(whole)
