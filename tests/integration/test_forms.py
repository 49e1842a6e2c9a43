"""A form that is filled in is accepted: every contract, random fillings, LibreOffice, earlier versions, signatures.

Every figure in these forms is synthetic.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from assets.forms.form import Form
from assets.forms.history import Earlier, History
from assets.forms.layout import EARLIER, FIRST, HEADERS, HIGH, LOW
from assets.intake.tables.contracts import read_contracts
from tests.builders.form_filling import MadeForm, draw_filling, make_form
from tests.builders.inbox import DATA, Inbox, Outcome, Shipped
from tests.helpers.proof_scale import inputs

DATASETS = sorted(read_contracts(DATA.contracts))
Send = Callable[[str, Path], Outcome]


@pytest.fixture(scope="module")
def send(tmp_path_factory: pytest.TempPathFactory, shipped: Shipped) -> Send:
    def send_file(dataset: str, file: Path) -> Outcome:
        inbox = Inbox(tmp_path_factory.mktemp("inbox"), shipped)
        inbox.put(dataset, file.read_bytes(), file.name)
        return inbox.outcomes(dataset)[file.name]

    return send_file


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> dict[str, MadeForm]:
    folder = tmp_path_factory.mktemp("forms")
    return {dataset: make_form(dataset, folder, history_of(dataset)) for dataset in DATASETS}


def history_of(dataset: str) -> History:
    """Invented earlier figures, so that every kind of form has some."""
    contract = read_contracts(DATA.contracts)[dataset]
    figures = {name: Earlier(2024, 40.0, 30.0, 50.0) for name in contract.indicators}
    choices = ("old_communities", "completed"), ("elevators", "planned")
    rows = {choices[0]: {"communities": Earlier(2023, 12.0)}} if dataset == "housing_renewal" else {}
    return History(figures, rows, choices if rows else ())


def answered(outcome: Outcome) -> int:
    return sum(outcome.counts[:3])


@pytest.mark.parametrize("dataset", DATASETS)
def test_an_empty_form_says_nothing(dataset: str, forms: dict[str, MadeForm], send: Send) -> None:
    outcome = send(dataset, forms[dataset].file)
    assert outcome.receipt.status == "read"
    assert answered(outcome) == 0
    account = outcome.receipt.sheets[0].account
    assert account is not None
    assert account.unfilled == len(forms[dataset].form.rows)
    read = [sheet.sheet for sheet in outcome.receipt.sheets if sheet.passed_over is None]
    assert read == ["报送表"]
    sign_off = outcome.receipt.sign_off
    assert sign_off is not None
    assert sign_off.form_id == str(forms[dataset].form.form_id)
    assert not sign_off.is_complete


@pytest.mark.parametrize("dataset", DATASETS)
def test_a_form_filled_at_random_is_accepted_without_a_reject(
    dataset: str, forms: dict[str, MadeForm], send: Send, tmp_path: Path
) -> None:
    made = forms[dataset]

    # Without shrinking: an example takes a second.
    @settings(inputs(4, 200), phases=[Phase.generate])
    @given(st.data())
    def fill_and_send(data: st.DataObject) -> None:
        cells = data.draw(st.composite(draw_filling)(made))
        outcome = send(dataset, made.fill(cells, {}, tmp_path / "filled.xlsx"))
        assert outcome.refusals == []
        assert outcome.errors == []
        assert outcome.counts[0] == len({row for row, _ in cells})

    fill_and_send()


def first_figure(form: Form) -> str:
    return form.figures[0]


def test_the_signature_is_kept_with_the_receipt_and_is_not_published(
    forms: dict[str, MadeForm], send: Send, tmp_path: Path
) -> None:
    made = forms["parks"]
    signature = {"填报人": "甲某", "审核人": "乙某", "填报日期": "2026-03-01", "报送状态": "报送完毕"}
    outcome = send("parks", made.fill({(0, first_figure(made.form)): 12.5}, signature, tmp_path / "signed.xlsx"))
    sign_off = outcome.receipt.sign_off
    assert sign_off is not None
    assert (sign_off.filled_by, sign_off.checked_by, sign_off.filled_on) == ("甲某", "乙某", "2026-03-01")
    assert sign_off.is_complete
    assert outcome.counts[:3] == (1, 0, 0)
    assert "甲某" not in str(outcome.kept) + str(outcome.receipt.notes)


def test_a_rejected_row_is_published_without_the_signature(
    forms: dict[str, MadeForm], send: Send, tmp_path: Path
) -> None:
    made = forms["parks"]
    signature = {"填报人": "甲某某", "审核人": "乙某某", "填报日期": "2026-03-01", "报送状态": "报送完毕"}
    outcome = send("parks", made.fill({(0, first_figure(made.form)): -5}, signature, tmp_path / "rejected.xlsx"))
    (reject,) = outcome.rejects
    assert reject["raw_row"].startswith("南昌市,360100,")
    assert ",-5," in reject["raw_row"]
    assert "某某" not in str(outcome.rejects)
    assert outcome.receipt.sign_off is not None
    assert outcome.receipt.sign_off.filled_by == "甲某某"


def test_a_form_without_its_column_of_years_keeps_signature_and_notes(
    forms: dict[str, MadeForm], send: Send, tmp_path: Path
) -> None:
    made = forms["parks"]
    signature = {"填报人": "甲某", "报送状态": "报送完毕"}
    file = made.fill({(0, first_figure(made.form)): 12.5}, signature, tmp_path / "cleared.xlsx")
    book = load_workbook(file)
    sheet, year = book["报送表"], (made.layout.column("year") or 0) + 1
    for line in range(HEADERS + 1, sheet.max_row + 1):
        sheet.cell(line, year).value = None
    book.save(file)
    outcome = send("parks", file)
    assert [row["year"] for row in outcome.rows] == [made.form.year]
    assert outcome.receipt.sign_off is not None
    assert (outcome.receipt.sign_off.filled_by, outcome.receipt.sign_off.is_complete) == ("甲某", True)


def test_a_note_below_a_form_is_a_note(forms: dict[str, MadeForm], send: Send, tmp_path: Path) -> None:
    made = forms["parks"]
    file = made.fill({(0, first_figure(made.form)): 12.5}, {}, tmp_path / "note.xlsx")
    book = load_workbook(file)
    sheet = book["报送表"]
    sheet.cell(sheet.max_row + 1, 1).value = "注：合成数据"
    book.save(file)
    outcome = send("parks", file)
    assert [text for _, text in outcome.notes("footnote")] == ["注：合成数据"]


def test_a_form_of_an_earlier_contract_is_accepted_with_a_hint(
    forms: dict[str, MadeForm], send: Send, tmp_path: Path
) -> None:
    made = forms["parks"]
    file = made.fill({(0, first_figure(made.form)): 12.5}, {}, tmp_path / "old.xlsx")
    assert send("parks", file).notes("form_outdated") == []
    book = load_workbook(file)
    cell = book["报送表"]["A2"]
    cell.value = cell.value.replace(made.form.form_id.version, "00000000")
    book.save(file)
    outcome = send("parks", file)
    assert outcome.counts[:3] == (1, 0, 0)
    assert [line for line, _ in outcome.notes("form_outdated")] == [1]


def test_a_row_with_one_answer_counts_and_one_with_only_what_the_form_gives_does_not(
    forms: dict[str, MadeForm], send: Send, tmp_path: Path
) -> None:
    made = forms["city_statistics"]
    cells = {(3, "value"): 7, (4, "scope"): "全市", (5, "value"): "未统计"}
    outcome = send("city_statistics", made.fill(cells, {}, tmp_path / "two.xlsx"))
    assert outcome.counts[:3] == (2, 0, 0)


def test_a_wide_form_has_the_earlier_figures_above_and_a_long_one_beside(forms: dict[str, MadeForm]) -> None:
    wide, long = forms["parks"], forms["city_statistics"]
    column = wide.layout.column("green_coverage_pct")
    sheet = load_workbook(wide.file)["报送表"]
    assert column is not None
    assert [sheet.cell(line + 1, column + 1).value for line in (EARLIER, LOW, HIGH)] == [40, 30, 50]
    sheet, layout = load_workbook(long.file)["报送表"], long.layout
    for kind, value in (("earlier", 40), ("low", 30), ("high", 50)):
        column = layout.column("value", kind)
        assert column is not None
        assert sheet.cell(FIRST + 1, column + 1).value == value


@pytest.mark.parametrize("dataset", DATASETS)
def test_the_check_judges_each_cell_at_its_own_address(dataset: str, forms: dict[str, MadeForm]) -> None:
    made = forms[dataset]
    check = load_workbook(made.file)["自检"]
    columns = len(made.layout.slots)
    judged = [
        cell
        for row in check.iter_rows(min_row=FIRST + 1, max_col=columns)
        for cell in row
        if str(cell.value).startswith("=IF(")
    ]
    assert judged
    for cell in judged:
        assert f"'报送表'!${cell.column_letter}{cell.row}" in cell.value


def test_the_status_above_the_table_counts_cells_of_the_check_alone(forms: dict[str, MadeForm]) -> None:
    status = load_workbook(forms["parks"].file)["报送表"]["A3"].value
    assert status.count("$B$") == status.count("'自检'!$B$") == 4


def test_only_the_cells_to_fill_in_are_unlocked(forms: dict[str, MadeForm]) -> None:
    for made in forms.values():
        sheet = load_workbook(made.file)["报送表"]
        assert sheet.protection.sheet
        for row in range(len(made.form.rows)):
            for name in made.form.contract.columns:
                column = made.layout.column(name)
                assert column is not None
                is_closed = name in made.form.rows[row].closed
                is_given = name in made.form.locked and name in made.form.rows[row].given
                assert sheet.cell(FIRST + row + 1, column + 1).protection.locked == (is_closed or is_given)


def test_every_sheet_prints_one_page_wide_and_no_column_is_wider_than_a_page(forms: dict[str, MadeForm]) -> None:
    a3, a4, widest = 8, 9, 70
    for made in forms.values():
        for sheet in load_workbook(made.file).worksheets:
            assert sheet.sheet_properties.pageSetUpPr.fitToPage, sheet.title
            assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) in {(None, 0), (1, 0)}, sheet.title
            assert sheet.page_setup.paperSize in {a3, a4}, sheet.title
            assert all(column.width <= widest + 1 for column in sheet.column_dimensions.values()), sheet.title
