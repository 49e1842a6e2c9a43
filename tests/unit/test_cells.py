"""Cells: what is read is what was written, and what cannot be read is never guessed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.warehouse.connection import Connection

WIDE = str.maketrans("0123456789.,-", "０１２３４５６７８９．，－")


# The way that a cell goes, as assets.intake.rows puts it together.
WAYS = {
    "number": "number_of(figure(t))",
    "qualified": "number_of(parts_of(figure(t)).number)",
    "qualifier": "qualifier_of(parts_of(figure(t)))",
    "date": "date_of(figure(t))",
    "boolean": "boolean_of(clean(t))",
    "figure": "figure(t)",
    "place": "place_form(clean(t))",
}


def read(connection: Connection, way: str, text: str) -> object:
    row = connection.execute(f"select {WAYS[way]} from (select ? as t)", [text]).fetchone()
    assert row is not None
    return row[0]


numbers = st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(numbers, min_size=1, max_size=20))
def test_a_number_is_read_in_all_its_forms(connection: Connection, sent: list[Decimal]) -> None:
    for form in (
        str,
        "{:,}".format,
        " {}　".format,
        lambda n: str(n).translate(WIDE),
        lambda n: f"{n:,}".translate(WIDE),
    ):
        read_back = connection.execute(
            "select number_of(figure(t)) from unnest(?) as u (t)", [list(map(form, sent))]
        ).fetchall()
        assert [row[0] for row in read_back] == [float(number) for number in sent]


@pytest.mark.parametrize("text", ["", " ", "　", "-", "—", "–", "…", "……", "/", "N/A", "无", "暂无"])
def test_a_missing_marker_is_missing_and_never_zero(connection: Connection, text: str) -> None:
    assert read(connection, "number", text) is None
    assert read(connection, "figure", text) is None


@pytest.mark.parametrize("text", ["0", "0.0", "０"])
def test_zero_is_a_value(connection: Connection, text: str) -> None:
    assert read(connection, "number", text) == 0


@pytest.mark.parametrize(
    "text",
    [
        "1O.5",
        "12. 3",
        "2..04",
        "12.",
        ".5",
        "1e5",
        "0x1F",
        "inf",
        "nan",
        "1_000",
        "1,00",
        "1,0000",
        "--1",
        "1;2",
        "9" * 400,
    ],
)
def test_what_is_no_number_is_not_read(connection: Connection, text: str) -> None:
    assert read(connection, "number", text) is None
    assert read(connection, "figure", text) is not None


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=15))
def test_any_text_is_read_without_an_error(connection: Connection, text: str) -> None:
    row = connection.execute(f"select {', '.join(WAYS.values())} from (select ? as t)", [text]).fetchone()
    assert row is not None
    if not any(character.isdigit() for character in text):
        assert row[:3] == (None, None, None)


@pytest.mark.parametrize("text", ["2026-02-05", "2026/2/5", "2026年2月5日", "20260205", " 2026-02-05 "])
def test_a_complete_date_is_read(connection: Connection, text: str) -> None:
    assert str(read(connection, "date", text)) == "2026-02-05"


@pytest.mark.parametrize("text", ["11月2日", "2026-02", "2月2日起", "2026-13-01", "05/02/2026"])
def test_a_date_that_is_not_determined_is_not_read(connection: Connection, text: str) -> None:
    assert read(connection, "date", text) is None


@pytest.mark.parametrize(
    ("text", "value"), [("是", True), ("TRUE", True), ("1", True), ("否", False), ("no", False), ("?", None)]
)
def test_yes_and_no_are_read(connection: Connection, text: str, value: bool | None) -> None:
    assert read(connection, "boolean", text) is value
