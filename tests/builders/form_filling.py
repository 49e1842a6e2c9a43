"""Filling in forms as an office does: with openpyxl, in the cells that are not locked. Every figure is synthetic."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from openpyxl import load_workbook

from assets.forms.form import Form, build_form
from assets.forms.history import History
from assets.forms.layout import FIRST, FormLayout
from assets.forms.registry import FormRegistry, read_form_registry
from assets.forms.workbook import read_form_texts, write_form
from assets.intake.tables.contracts import ContractColumn
from tests.builders.inbox import DATA

YEAR = 2025
WORDS = st.text("公园绿地统计年鉴第三批ABC xyz0123456789()（）-", min_size=1, max_size=12).map(str.strip).filter(bool)
TEXTS = WORDS.filter(lambda text: not text.isascii() and text[0] not in "-()（）")
REASONS = st.sampled_from(["不适用", "未统计", "未开展", "保密", "暂缺"])


@dataclass(frozen=True)
class MadeForm:
    """A form and the empty workbook of it."""

    form: Form
    registry: FormRegistry
    file: Path

    @property
    def layout(self) -> FormLayout:
        texts = read_form_texts()
        return FormLayout(self.form, tuple(texts["form"]["sign_off"]), {})

    def fill(self, cells: dict[tuple[int, str], Any], signature: dict[str, Any], target: Path) -> Path:
        """Type cells into the form, by row from 0 and column, and save it."""
        book = load_workbook(self.file)
        sheet = book[read_form_texts()["form"]["sheets"]["form"]]
        layout = self.layout
        for (row, name), value in cells.items():
            number = layout.column(name)
            assert number is not None
            cell = sheet.cell(FIRST + row + 1, number + 1)
            assert not cell.protection.locked
            cell.value = value
        for name, value in signature.items():
            number = layout.column(name, "sign_off")
            assert number is not None
            sheet.cell(FIRST + 1, number + 1).value = value
        book.save(target)
        return target


def make_form(dataset: str, folder: Path, history: History | None = None, city: str = "南昌市") -> MadeForm:
    registry = read_form_registry(DATA)
    contract = registry.get_contract(dataset)
    form = build_form(registry, contract, registry.get_cities(city)[0], YEAR, history or History())
    file = folder / form.file_name
    write_form(form, registry, file)
    return MadeForm(form, registry, file)


def allowed_values(made: MadeForm, row: int, name: str) -> st.SearchStrategy[Any]:
    """What the contract allows in a cell."""
    form, column = made.form, made.form.contract.columns[name]
    if column.allowed is not None:
        return st.sampled_from([next(iter(column.labels_of(value)), value) for value in column.allowed])
    if column.references is not None:
        return st.sampled_from(made.registry.references[column.references][:20]) | TEXTS
    if column.type == "boolean":
        return st.sampled_from(["是", "否"])
    if column.type == "date":
        return st.dates(date(max(int(column.min or 2000), 2000), 1, 1), date(2035, 12, 31))
    if not column.is_numeric:
        return TEXTS
    rules = form.rules_of(form.rows[row], name)
    return figures(column, rules.minimum, rules.maximum)


def figures(column: ContractColumn, minimum: float | None, maximum: float | None) -> st.SearchStrategy[Any]:
    """Numbers within limits, and the words that a form allows in their place."""
    low, high = -1000 if minimum is None else minimum, 10**6 if maximum is None else maximum
    whole = st.integers(int(low), int(high))
    if column.type == "integer":
        numbers: st.SearchStrategy[Any] = whole
    else:
        numbers = st.one_of(whole, st.integers(int(low * 100), int(high * 100)).map(lambda number: number / 100))
    if column.is_year:
        return numbers
    if column.unit == "%":
        numbers = numbers.filter(lambda number: number == 0 or abs(number) > 1)
    about = whole.filter(lambda number: number > 0).map(lambda number: f"{number}余")
    return (
        st.one_of(numbers, numbers, REASONS, about) if column.allow_qualifier else st.one_of(numbers, numbers, REASONS)
    )


def draw_filling(draw: st.DrawFn, made: MadeForm) -> dict[tuple[int, str], Any]:
    """Some rows of a form, filled in as the contract allows; rows of the same key would be refused."""
    form, contract = made.form, made.form.contract
    count = draw(st.integers(0, min(len(form.rows), 6)))
    rows = draw(st.lists(st.integers(0, len(form.rows) - 1), min_size=count, max_size=count, unique=True))
    cells: dict[tuple[int, str], Any] = {}
    keys: set[tuple[Any, ...]] = set()
    for row in sorted(rows):
        given = form.rows[row].given
        filled: dict[str, Any] = {}
        for name in contract.columns:
            if (name in form.locked and name in given) or name in form.rows[row].closed:
                continue
            is_blank = not contract.is_needed(name) and draw(st.integers(0, 2)) > 0
            if name in given and draw(st.booleans()):
                continue
            if not is_blank:
                filled[name] = draw(allowed_values(made, row, name))
        if all(name in contract.given_columns for name in filled):
            continue
        key = tuple(filled.get(name, given.get(name)) for name in contract.key)
        if key not in keys:
            keys.add(key)
            cells |= {(row, name): value for name, value in filled.items()}
    return cells
