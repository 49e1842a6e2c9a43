"""Number formats: the text of a number is what its cell shows, or a problem that quotes both."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.intake.readers.cell_styles import Run, join_runs, number_text
from assets.intake.readers.number_formats import built_in_code, number_format

ACCOUNTING = '_ * #,##0.00_ ;_ * -#,##0.00_ ;_ * "-"??_ ;_ @_ '


@pytest.mark.parametrize(
    ("code", "value", "text"),
    [
        ("General", 43.25, "43.25"),
        ("0.0", 43.2499, "43.2499"),
        ("#,##0.00_);[Red](#,##0.00)", -1234.5, "-1234.5"),
        ("#\\ ##0", 12345, "12345"),
        ("000000", 75, "75"),
        ("0.00E+00", 12.5, "12.5"),
        ("# ?/?", 0.5, "0.5"),
        ("[DBNum1]General", 43, "43"),
        ("0.00%", 0.432, "43.2%"),
        ("0.0%;-0.0%", -0.05, "-5%"),
        ('0.00"%"', 0.43, "0.43%"),
        ("0.00\\%", 43.25, "43.25%"),
        ('0.0"‰"', 4.3, "4.3‰"),
        ('0"米"', 12000, "12000米"),
        ("0户", 35, "35户"),
        ('0.0"万户"', 12.5, "12.5万户"),
        ('"约"0"户"', 500, "约500户"),
        ('G/通用格式"人"', 5, "5人"),
        ("[$¥-804]#,##0.00", 12.5, "12.5元"),
        ('0!.0,"万"', 12345, "1.2345万"),
        ('0\\.0,"万"', 12345, "1.2345万"),
        ('0.0,"千户"', 1500, "1.5千户"),
        ('0.0,,"百万"', 2_500_000, "2.5百万"),
        ('[>=10000]0!.0,"万";0', 12000, "1.2万"),
        ('[>=10000]0!.0,"万";0', -5, "-5"),
        (ACCOUNTING, -3.5, "-3.5"),
        ('yyyy"年"m"月"d"日"', 46058, "2026-02-05"),
        ("[$-804]aaaa", 46058, "2026-02-05"),
        ("yyyy/m/d h:mm", 46058.5, "2026-02-05 12:00:00"),
        ('yyyy"年"', 45291, "2023"),
        ('yyyy"年"m"月"', 45291, "2023年12月"),
        ('m"月"d"日"', 46361, "2026-12-05"),
        ("h:mm", 0.5, "12:00:00"),
    ],
)
def test_a_number_is_read_as_it_is_shown(code: str, value: float, text: str) -> None:
    shown = number_format(code).show(value, number_text(value))
    assert (shown.text, shown.problem) == (text, None)


@pytest.mark.parametrize(
    ("code", "value", "problem", "seen"),
    [
        ("#,##0,", 12_345_678, "cell_shows_other_number", "12346"),
        ("0,.0", 12345, "cell_shows_other_number", "12.3"),
        ('0.00,,"亿"', 5e8, "cell_shows_other_number", "500.00亿"),
        ('0.0,"万"', 12345, "cell_shows_other_number", "12.3万"),
        ("0;[Red]0", -12, "cell_shows_other_number", "12"),
        ('"36"0000', 100, "cell_shows_other_number", "36100"),
        ("00\\-00", 1234, "cell_shows_other_number", "1234"),
        (ACCOUNTING, 0, "cell_shows_other_number", "-"),
        ('"合格";"不合格"', 1, "cell_shows_other_number", "合格"),
        (";;;", 999, "cell_shows_nothing", ""),
        ("General;-General;", 0, "cell_shows_nothing", ""),
        ("#,###", 0, "cell_shows_nothing", ""),
        ("yyyy-mm-dd", -5, "cell_shows_no_number", "########"),
    ],
)
def test_a_number_that_is_shown_as_another_is_a_problem(code: str, value: float, problem: str, seen: str) -> None:
    shown = number_format(code).show(value, number_text(value))
    assert shown.problem is not None
    assert (shown.problem.code, shown.problem.shown, shown.problem.stored) == (problem, seen, number_text(value))


@pytest.mark.parametrize(
    ("is_1904", "value", "text"),
    [(False, 1, "1900-01-01"), (False, 59, "1900-02-28"), (False, 61, "1900-03-01"), (True, 0, "1904-01-01")],
)
def test_days_are_counted_as_excel_counts_them(is_1904: bool, value: float, text: str) -> None:
    assert number_format("yyyy-mm-dd").show(value, str(value), is_1904=is_1904).text == text


@pytest.mark.parametrize(
    ("code", "text", "shown"), [("@", "南昌", "南昌"), ("General", "南昌", "南昌"), ('@"市"', "南昌", "南昌市")]
)
def test_a_text_is_read_with_what_the_format_adds(code: str, text: str, shown: str) -> None:
    assert number_format(code).show_text(text).text == shown


def test_a_text_that_is_hidden_is_a_problem() -> None:
    problem = number_format(";;;").show_text("秘密").problem
    assert problem is not None
    assert problem.code == "cell_shows_nothing"


@pytest.mark.parametrize("number", [9, 10])
def test_built_in_percent_formats_are_known(number: int) -> None:
    assert number_format(built_in_code(number)).show(0.5, "0.5").text == "50%"


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet='0#?.,%"!\\_*;[]<>=-+Ee/万元年ymdhsG@ 1', max_size=20), st.floats(-1e9, 1e9))
def test_any_format_shows_the_number_or_is_a_problem(code: str, value: float) -> None:
    form = number_format(code)
    shown = form.show(value, number_text(value))
    if form.is_plain:
        assert (shown.text, shown.problem) == (number_text(value), None)
    form.show_text("甲")


def run(text: str, mark: str = "") -> Run:
    return Run(text, is_struck=mark == "-", is_superscript=mark == "^")


@pytest.mark.parametrize(
    ("runs", "text"),
    [
        ([run("12.5"), run("1", "^")], "12.5"),
        ([run("南昌市"), run("①", "^")], "南昌市"),
        ([run("绿道（m"), run("2", "^"), run("）")], "绿道（m²）"),
        ([run("1.2×10"), run("4", "^")], "1.2×10⁴"),
        ([run("12", "-"), run("21")], "21"),
        ([run("旧称 ", "-"), run("九江市")], "九江市"),
        ([run("九江市"), run("（旧）", "-")], "九江市"),
        ([run("1", "^")], "1"),
    ],
)
def test_footnote_marks_and_struck_parts_are_left_out(runs: list[Run], text: str) -> None:
    shown = join_runs(runs)
    assert (shown.text, shown.problem) == (text, None)


@pytest.mark.parametrize(
    "runs", [[run("12"), run("3", "-")], [run("12.5", "-")], [run("1.5"), run("2", "-"), run("3")]]
)
def test_digits_struck_out_behind_others_and_whole_cells_are_a_problem(runs: list[Run]) -> None:
    problem = join_runs(runs).problem
    assert problem is not None
    assert problem.code == "struck_out_cell"
