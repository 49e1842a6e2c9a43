"""Forms of cells, read as rows are: in every form the same value, and no value where there is none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.intake.cells import cell_reader, typed_value
from assets.intake.contracts import FieldContract, FieldType
from assets.warehouse.connection import Connection

WIDE = str.maketrans("0123456789.,-", "０１２３４５６７８９．，－")
QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def read(
    connection: Connection, kind: FieldType, sent: Sequence[str], *, qualified: bool = False
) -> list[tuple[str | None, Any, str | None]]:
    """Of each cell its text, its value and its qualifier, by the expressions that assets.intake.rows puts together."""
    field = FieldContract(type=kind, zh="列", en="column", required=kind == "place", qualified=qualified)
    return connection.execute(
        f"with cells as (select i, {cell_reader(field)}(t) as cell "
        "from unnest(?::varchar[]) with ordinality as u (t, i)), "
        "parts as (select *, parts_of(cell) as parts from cells) "
        f"select cell, {typed_value(field, 'cell', 'parts')}, qualifier_of(parts) from parts order by i",
        [list(sent)],
    ).fetchall()


def values(connection: Connection, kind: FieldType, sent: Sequence[str], *, qualified: bool = False) -> list[Any]:
    return [value for _, value, _ in read(connection, kind, sent, qualified=qualified)]


@QUICK
@given(st.lists(st.builds(Decimal.scaleb, st.integers(-(10**12) + 1, 10**12 - 1).map(Decimal), st.integers(-12, 0))))
def test_a_number_of_up_to_twelve_digits_is_read_in_all_its_forms(connection: Connection, sent: list[Decimal]) -> None:
    plain, grouped = [f"{number:f}" for number in sent], [f"{number:,f}" for number in sent]
    forms = [*plain, *grouped, *(text.translate(WIDE) for text in plain + grouped)]
    for qualified in (False, True):
        assert values(connection, "number", forms, qualified=qualified) == [float(number) for number in sent] * 4


@QUICK
@given(st.lists(st.text(st.sampled_from("0123456789.,+-eExX_ 万%余约近a٣²"), min_size=1, max_size=8), max_size=30))
def test_only_digits_with_one_point_and_commas_in_their_places_are_a_number(
    connection: Connection, sent: list[str]
) -> None:
    shape = re.compile(r"[+-]?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]+)?")
    read_back = values(connection, "number", sent)
    assert [value is not None for value in read_back] == [bool(shape.fullmatch(text.strip())) for text in sent]


@pytest.mark.parametrize("kind", ["number", "integer", "date"])
def test_a_gap_in_a_figure_is_null_and_never_zero(connection: Connection, kind: FieldType) -> None:
    gaps = [
        "-",
        "--",
        "—",
        "——",
        "–",
        "…",
        "……",
        "/",
        "N/A",
        "n/a",
        "NA",
        "无",
        "暂无",
        " 无　",
        "\ufeff-\u00a0",
        "",
        " ",
    ]
    assert read(connection, kind, gaps) == [(None, None, None)] * len(gaps)


@pytest.mark.parametrize("kind", ["text", "boolean", "unit", "indicator", "place"])
def test_a_word_that_marks_a_gap_in_a_figure_is_a_word_elsewhere(connection: Connection, kind: FieldType) -> None:
    assert [cell for cell, _, _ in read(connection, kind, ["无", " - ", "", "\u3000"])] == ["无", "-", None, None]


def test_a_text_loses_the_blanks_around_it_alone(connection: Connection) -> None:
    assert values(connection, "text", [" 甲 乙　", "\ufeff\u00a0a  b\r\n", "\tＡ\t"]) == ["甲 乙", "a  b", "Ａ"]


@pytest.mark.parametrize(
    "text", ["inf", "-inf", "Infinity", "nan", "1e5", "1E5", "0x1F", "1_000", "٣", "²", "①", "八十"]
)
def test_what_a_programmer_calls_a_number_is_none(connection: Connection, text: str) -> None:
    for kind, qualified in (("number", False), ("integer", True)):
        ((cell, value, _),) = read(connection, kind, [text], qualified=qualified)  # type: ignore[arg-type]
        assert (cell, value) == (text, None)


@pytest.mark.parametrize("text", ["9" * 309, "9" * 400, "-" + "9" * 400, "1," + ",".join(["000"] * 110)])
def test_a_number_too_large_is_none_and_not_infinite(connection: Connection, text: str) -> None:
    assert values(connection, "number", [text]) == [None]


@pytest.mark.parametrize("text", ["80余", "约80", "80家", "80%", "(80)", "￥80", "80\n90", "80 90", "80-90"])
def test_a_number_that_may_not_be_approximate_is_not_read_with_words(connection: Connection, text: str) -> None:
    assert values(connection, "number", [text]) == [None]


@pytest.mark.parametrize(
    ("text", "value", "qualifier"),
    [
        ("80", 80, None),
        ("80家", 80, None),
        ("８０余家", 80, "at_least"),
        ("超过1,000人", 1000, "at_least"),
        ("超1,000", 1000, "at_least"),
        ("20以上", 20, "at_least"),
        ("500多个", 500, "at_least"),
        ("约80余", 80, "about"),
        ("近1.5", 1.5, "about"),
        ("不足12户", 12, "under"),
        ("约", None, None),
        ("余", None, None),
        ("80余多", None, None),
        ("80左右", None, None),
        ("1.5万", None, None),
        ("80-90", None, None),
        ("八十余", None, None),
        ("约1,00", None, None),
        ("80家个", None, None),
        ("共80", None, None),
        ("80余\n90余", None, None),
    ],
)
def test_an_approximate_number_is_read_whole_or_not_at_all(
    connection: Connection, text: str, value: float | None, qualifier: str | None
) -> None:
    assert read(connection, "number", [text], qualified=True) == [(text.translate(HALF), value, qualifier)]


HALF = {wide: half for half, wide in WIDE.items()}


@QUICK
@given(st.lists(st.dates(date(1000, 1, 1)), min_size=1))
def test_a_date_is_read_in_all_its_forms(connection: Connection, sent: list[date]) -> None:
    forms = ("{0:%Y-%m-%d}", "{0:%Y/%m/%d}", "{0:%Y%m%d}", "{0:%Y年%m月%d日}", "{0.year}/{0.month}/{0.day}")
    texts = [form.format(day) for form in forms for day in sent]
    assert values(connection, "date", texts) == sent * len(forms)
    assert values(connection, "date", [text.translate(WIDE) for text in texts]) == sent * len(forms)


@pytest.mark.parametrize(
    "text", ["2026-02-30", "2025-02-29", "2026-00-01", "2026", "2026-02", "20260230", "2026.2.5", "45693"]
)
def test_a_day_that_is_none_is_not_read(connection: Connection, text: str) -> None:
    assert values(connection, "date", [text]) == [None]


@pytest.mark.parametrize("text", ["26-02-05", "26/2/5", "5-2-20", "1-2-3", "26年2月5日", "026-02-05"])
def test_a_year_of_two_digits_is_not_guessed(connection: Connection, text: str) -> None:
    assert values(connection, "date", [text]) == [None]


def test_a_year_nought_is_not_read(connection: Connection) -> None:
    assert values(connection, "date", ["0000-01-01"]) == [None]


def test_seven_digits_are_no_date(connection: Connection) -> None:
    assert values(connection, "date", ["2026115"]) == [None]


def test_yes_and_no_are_read_and_nothing_else_is(connection: Connection) -> None:
    assert values(connection, "boolean", ["是", " TRUE ", "Yes", "1"]) == [True] * 4
    assert values(connection, "boolean", ["否", "false", "NO", "0"]) == [False] * 4
    assert values(connection, "boolean", ["", "-", "无", "y", "是的", "2", "１", "不"]) == [None] * 8


def test_a_place_is_looked_up_without_blanks_and_case(connection: Connection) -> None:
    for text, form in ((" 南 昌 市 ", "南昌市"), ("\ufeff南昌\u00a0市\n", "南昌市"), ("Jing De Zhen", "jingdezhen")):
        assert connection.execute("select place_form(?)", [text]).fetchone() == (form,)


@pytest.mark.parametrize(
    "text", ["=cmd|' /C calc'!A0", "'; drop table typed; --", "<script>", "a\x00b", '"', "{found}"]
)
def test_hostile_text_is_text(connection: Connection, text: str) -> None:
    assert values(connection, "text", [text]) == [text]
    for kind in ("number", "date", "boolean"):
        assert read(connection, kind, [text], qualified=kind == "number")[0][:2] == (text, None)  # type: ignore[arg-type]
