"""The workbook of a form: the sheet to fill in, instructions, the check by formulas, definitions, drop-down lists.

Here: writing it with xlsxwriter, without macros. Not here: what stands where (assets.forms.layout), the words
(texts.yml).
"""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell as address

from assets.core.text import format_number
from assets.core.yaml_files import read_yaml
from assets.forms.form import Form, FormRow
from assets.forms.layout import (
    EARLIER,
    FIRST,
    HEADERS,
    HIGH,
    LEGEND,
    LOW,
    NUMBER,
    REQUIREMENTS,
    STATUS,
    TITLE,
    FormLayout,
    Slot,
    rules_above,
)
from assets.forms.registry import FormRegistry
from assets.intake.receipts.receipts import COMPLETE, INCOMPLETE
from assets.intake.tables.contracts import SIGN_OFF_HEADERS, ContractColumn
from assets.release.outputs.excel_limits import FIXED_CREATION_TIME
from assets.release.outputs.workbook.cell_styles import FONT, GREY, INK, RULE, TITLE_FONT, Style, make_style

_YELLOW, _GIVEN, _RED, _AMBER = "#FFF8D6", "#EEF1F4", "#F8C7C2", "#FFD28A"
_A3, _A4 = 8, 9
_MAX_A4_COLUMNS = 16
_YES_NO = ("是", "否")
_WIDTHS = {"text": 14.0, "date": 12.0, "earlier": 9.0, "number": 11.0}
_TEXT_WIDTH = 70  # of a page, in digits; LibreOffice cuts a wider column off
_GRID = FIRST  # the check judges each cell of the form at its own address; the first column is never judged


@functools.cache
def read_form_texts() -> dict[str, Any]:
    """Return the words of forms and letters."""
    texts: dict[str, Any] = read_yaml(Path(__file__).with_name("texts.yml"))
    return texts


def write_form(form: Form, registry: FormRegistry, file: Path, due: str = "") -> None:
    """Write a form.

    Args:
        form: its content.
        registry: the names that drop-down lists offer.
        file: the workbook to write.
        due: the sentence about the deadline, empty without one.
    """
    with _new_workbook(form, file) as book:
        _FormWriter(book, form, registry, due).write()


def _new_workbook(form: Form, file: Path) -> Any:
    book = xlsxwriter.Workbook(str(file), {"strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": form.file_name.removesuffix(".xlsx"), "created": FIXED_CREATION_TIME})
    book.set_custom_property("form_id", str(form.form_id))
    book.set_custom_property("contract_version", form.form_id.version)
    return book


class _FormWriter:
    def __init__(self, book: Any, form: Form, registry: FormRegistry, due: str) -> None:
        texts = read_form_texts()
        self.book, self.form, self.registry, self.due = book, form, registry, due
        self.formats: dict[Style, Any] = {}
        self.texts, self.check_texts = texts["form"], texts["check"]
        names = self.texts["sheets"]
        self.sheet = book.add_worksheet(names["form"])
        self.instructions, self.check = book.add_worksheet(names["instructions"]), book.add_worksheet(names["check"])
        self.meanings, self.lists = book.add_worksheet(names["meanings"]), book.add_worksheet(names["lists"])
        self.layout = FormLayout(form, tuple(self.texts["sign_off"]), self._write_lists())
        self.judging = replace(self.layout, prefix=f"'{names['form']}'!")

    def style(self, **properties: object) -> Any:
        """Return a format, created once."""
        key = make_style(**properties)
        if key not in self.formats:
            base = {**FONT, "font_size": 10, "font_color": INK, "valign": "vcenter"}
            self.formats[key] = self.book.add_format(base | properties)
        return self.formats[key]

    def write(self) -> None:
        """Write all sheets."""
        self._write_head()
        self._write_headers()
        for line, row in enumerate(self.form.rows, start=FIRST):
            self._write_row(line, row)
        self._add_colours()
        self._set_up_page()
        self._write_check()
        self._write_instructions()
        self._write_meanings()
        self.sheet.activate()

    # --- the sheet to fill in -----------------------------------------------------------------------------------

    def _values(self) -> dict[str, str | int]:
        form = self.form
        return {"dataset": form.contract.zh, "city": form.city.name, "year": form.year, "form_id": str(form.form_id)}

    def _write_head(self) -> None:
        sheet, note = self.sheet, self.style(font_size=9, font_color=GREY)
        title = self.book.add_format({**TITLE_FONT, "font_size": 15, "font_color": INK})
        sheet.write_string(TITLE, 0, self.texts["title"].format(**self._values()), title)
        sheet.write_string(NUMBER, 0, self.texts["number"].format(**self._values()), note)
        *parts, warnings = (f"'{self.texts['sheets']['check']}'!{cell}" for cell in ("$B$3", "$B$4", "$B$5", "$B$6"))
        errors = "+".join(parts)
        status = [f'"{self.texts[key]}"' for key in ("status", "status_warnings", "status_end")]
        formula = f"={status[0]}&{errors}&{status[1]}&{warnings}&{status[2]}"
        shown = f"{self.texts['status']}0{self.texts['status_warnings']}0{self.texts['status_end']}"
        sheet.write_formula(STATUS, 0, formula, self.style(bold=True), shown)
        sheet.write_string(LEGEND, 0, self.texts["legend"], note)
        sheet.write_string(REQUIREMENTS, 0, self.texts["requirements"], note)
        quiet = self.style(font_size=8, font_color=GREY, align="center", text_wrap=True)
        for number, slot in enumerate(self.layout.slots):
            if slot.kind == "column" and slot.name not in self.form.locked and number:
                sheet.write_string(REQUIREMENTS, number, self._requirement(slot.name), quiet)
        sheet.set_row(REQUIREMENTS, 36)
        sheet.set_row(HEADERS - 1, 4)
        if self.form.earlier_above:
            self._write_earlier_above(quiet)

    def _write_earlier_above(self, quiet: Any) -> None:
        rules = rules_above(self.form).rules
        for line, key in ((EARLIER, "earlier"), (LOW, "low"), (HIGH, "high")):
            self.sheet.write_string(line, 0, self.texts[key], self.style(font_size=9, font_color=GREY))
        for name in self.form.figures:
            earlier, number = rules[name].earlier if name in rules else None, self.layout.column(name) or 0
            if earlier is None:
                continue
            self.sheet.write_number(EARLIER, number, earlier.value, quiet)
            if earlier.year != self.form.year - 1:
                self.sheet.write_comment(EARLIER, number, f"{earlier.year}年")
            if earlier.low is not None and earlier.high is not None:
                self.sheet.write_number(LOW, number, earlier.low, quiet)
                self.sheet.write_number(HIGH, number, earlier.high, quiet)

    def _requirement(self, name: str) -> str:
        """What a column takes, in few words."""
        column, texts = self.form.contract.columns[name], self.texts
        words = [texts["required"]] if self.form.contract.is_needed(name) else []
        if name in self.layout.lists:
            words.append(texts["requirement_list"])
        elif column.type == "date":
            words.append(texts["requirement_date"])
        elif column.is_numeric:
            words += [texts["requirement_whole"]] if column.type == "integer" else []
            words += [_limits(column)] if column.min is not None or column.max is not None else []
            words += [texts["requirement_about"]] if column.allow_qualifier else []
        return "，".join(words)

    def _write_headers(self) -> None:
        plain: dict[str, object] = {"text_wrap": True, "align": "center", "border": 1, "border_color": RULE}
        head = self.style(**plain, bold=True, bg_color="#DCE6F1")
        quiet = self.style(**plain, font_size=8, font_color=GREY)
        self.sheet.set_row(HEADERS, 44)
        for number, slot in enumerate(self.layout.slots):
            self.sheet.write_string(HEADERS, number, self.header(slot), head if slot.kind != "earlier" else quiet)
            width = _WIDTHS["number"] if slot.kind != "column" else self._width(slot.name)
            self.sheet.set_column(number, number, _WIDTHS["earlier"] if slot.kind == "earlier" else width)

    def header(self, slot: Slot) -> str:
        """Return the header of a column of the sheet."""
        if slot.kind == "sign_off":
            return slot.name
        column = self.form.contract.columns[slot.name]
        if slot.kind == "column":
            has_unit = column.unit is not None and not column.is_year
            return f"{column.title}（{column.unit}）" if has_unit else column.title
        text: str = self.texts[f"{slot.kind}_of"]
        return text.format(title=column.title)

    def _width(self, name: str) -> float:
        column = self.form.contract.columns[name]
        if column.type == "indicator":
            return 30.0
        return _WIDTHS["text" if column.type == "text" else "date" if column.type == "date" else "number"]

    def _write_row(self, line: int, row: FormRow) -> None:
        for number, slot in enumerate(self.layout.slots):
            if slot.kind == "column":
                self._write_cell(line, number, slot.name, row)
            elif slot.kind == "sign_off":
                self._write_sign_off(line, number, slot.name)
            else:
                self._write_bound(line, number, slot, row)

    def _write_cell(self, line: int, number: int, name: str, row: FormRow) -> None:
        column, value = self.form.contract.columns[name], row.given.get(name)
        is_closed = name in row.closed or (value is not None and name in self.form.locked)
        needed = self.form.contract.is_needed(name)
        fill = _GIVEN if is_closed else _YELLOW if needed else "#FFFFFF"
        form: dict[str, object] = {"border": 1, "border_color": RULE, "bg_color": fill, "locked": is_closed}
        form |= {"num_format": "yyyy-mm-dd"} if column.type == "date" else {}
        form |= {"num_format": "@", "text_wrap": True} if column.type == "text" and column.allowed is None else {}
        style = self.style(**form)
        if isinstance(value, str):
            self.sheet.write_string(line, number, value, style)
        elif value is not None:
            self.sheet.write_number(line, number, value, style)
        else:
            self.sheet.write_blank(line, number, None, style)
        if not is_closed:
            self._add_validation(line, number, name)

    def _write_sign_off(self, line: int, number: int, name: str) -> None:
        is_open = line == FIRST
        fill = _YELLOW if is_open else _GIVEN
        form: dict[str, object] = {"border": 1, "border_color": RULE, "bg_color": fill, "locked": not is_open}
        form |= {"num_format": "yyyy-mm-dd"} if SIGN_OFF_HEADERS[name] == "filled_on" else {}
        self.sheet.write_blank(line, number, None, self.style(**form))
        if is_open and SIGN_OFF_HEADERS[name] == "completion":
            self.sheet.data_validation(
                line, number, line, number, {"validate": "list", "source": [COMPLETE, INCOMPLETE]}
            )

    def _write_bound(self, line: int, number: int, slot: Slot, row: FormRow) -> None:
        rules = self.form.rules_of(row, slot.name)
        earlier = rules.earlier
        values = {"minimum": rules.minimum, "maximum": rules.maximum}
        if earlier is not None:
            values |= {"earlier": earlier.value, "low": earlier.low, "high": earlier.high}
        value = values.get(slot.kind)
        style = self.style(font_size=9, font_color=GREY, border=1, border_color=RULE, bg_color=_GIVEN)
        if value is None:
            self.sheet.write_blank(line, number, None, style)
            return
        self.sheet.write_number(line, number, value, style)
        if slot.kind == "earlier" and earlier is not None and earlier.year != self.form.year - 1:
            self.sheet.write_comment(line, number, f"{earlier.year}年")

    def _add_validation(self, line: int, number: int, name: str) -> None:
        column, source = self.form.contract.columns[name], self.layout.lists.get(name)
        if source is not None:
            is_open = column.references is not None
            rule: dict[str, object] = {"validate": "list", "source": f"={source}", "show_error": not is_open}
            self.sheet.data_validation(line, number, line, number, rule)
            return
        wrong = self.layout.is_wrong(line, name)
        if column.is_numeric and wrong is not None:
            title = self.header(Slot("column", name))[:32]
            rule = {"validate": "custom", "value": f"=NOT({wrong})", "error_title": title}
            self.sheet.data_validation(
                line, number, line, number, rule | {"error_message": self._requirement(name)[:255]}
            )

    def _add_colours(self) -> None:
        red, amber = self.book.add_format({"bg_color": _RED}), self.book.add_format({"bg_color": _AMBER})
        for line, row in enumerate(self.form.rows, start=FIRST):
            for number, slot in enumerate(self.layout.slots):
                if slot.kind != "column" or slot.name in row.closed:
                    continue
                wrong = [self.layout.is_wrong(line, slot.name), self.layout.is_missing(line, slot.name)]
                wrong += [self.layout.is_duplicate(line)] if slot.name in self.form.contract.key else []
                if any(wrong):
                    criteria = f"=OR({','.join(filter(None, wrong))})"
                    rule = {"type": "formula", "criteria": criteria, "format": red, "stop_if_true": True}
                    self.sheet.conditional_format(line, number, line, number, rule)
                doubtful = self.layout.is_doubtful(line, slot.name)
                if doubtful is not None:
                    rule = {"type": "formula", "criteria": f"={doubtful}", "format": amber}
                    self.sheet.conditional_format(line, number, line, number, rule)

    def _set_up_page(self) -> None:
        sheet, layout = self.sheet, self.layout
        sheet.freeze_panes(FIRST, 1)
        sheet.set_landscape()
        sheet.set_paper(_A4 if layout.printed <= _MAX_A4_COLUMNS else _A3)
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        sheet.fit_to_pages(1, 0)
        sheet.print_area(0, 0, layout.last, layout.printed - 1)
        sheet.repeat_rows(HEADERS)
        footer = self.texts["footer"].format(**self._values()).replace("&", "&&")
        sheet.set_footer(f"&L&8{footer}&R&8&P / &N")
        options = {"format_columns": True, "format_rows": True, "format_cells": True, "sort": False}
        for each in (sheet, self.instructions, self.check, self.meanings, self.lists):
            each.protect("", options)
            each.hide_gridlines(2)

    # --- the other sheets ---------------------------------------------------------------------------------------

    def _write_lists(self) -> dict[str, str]:
        """Write the drop-down lists, one a column without header; return the address of each."""
        sheet, name = self.lists, self.texts["sheets"]["lists"]
        addresses: dict[str, str] = {}
        for column_name, column in self.form.contract.columns.items():
            options = self._options(column)
            if not options:
                continue
            number = len(addresses)
            sheet.set_column(number, number, 24)
            for line, option in enumerate(options):
                sheet.write_string(line, number, option, self.style(font_size=9))
            cells = f"{address(0, number, True, True)}:{address(len(options) - 1, number, True, True)}"
            addresses[column_name] = f"'{name}'!{cells}"
        _fit_to_width(sheet)
        return addresses

    def _options(self, column: ContractColumn) -> list[str]:
        if column.allowed is not None:
            return list(column.shown_values)
        if column.references is not None:
            return list(self.registry.references[column.references])
        return list(_YES_NO) if column.type == "boolean" else []

    def _write_check(self) -> None:
        """Write the check: the counts, and a grid that has for each cell of the form what is wrong with it."""
        sheet, texts, marks = self.check, self.check_texts, self.check_texts["marks"]
        sheet.set_column(0, 0, 24)
        sheet.set_column(1, len(self.layout.slots), 8)
        sheet.write_string(0, 0, texts["title"].format(**self._values()), self.style(bold=True, font_size=13))
        last = address(_GRID + len(self.form.rows) - 1, len(self.layout.slots), True, True)
        grid = f"{address(_GRID, 1, True, True)}:{last}"
        counted = (("rows", "filled"), ("errors", "error"), ("missing", "missing"), ("duplicates", "duplicate"))
        for line, (key, mark) in enumerate((*counted, ("warnings", "warning")), start=1):
            sheet.write_string(line, 0, texts[key], self.style())
            sheet.write_formula(line, 1, f'=COUNTIF({grid},"{marks[mark]}")', self.style(), 0)
        sheet.write_string(6, 0, texts["verdict"], self.style(bold=True))
        verdict = f'=IF($B$3+$B$4+$B$5=0,"{texts["pass"]}","{texts["fail"]}")'
        sheet.write_formula(6, 1, verdict, self.style(bold=True), texts["pass"])
        header = next(name for name, field in SIGN_OFF_HEADERS.items() if field == "completion")
        stated = self.judging.cell(FIRST, header, "sign_off")
        sheet.write_string(7, 0, header, self.style())
        unsigned = f'=IF({stated}="","{texts["unsigned"]}",{stated})'
        sheet.write_formula(7, 1, unsigned, self.style(), texts["unsigned"])
        sheet.write_string(8, 0, texts["grid"], self.style(font_color=GREY))
        for line in range(FIRST, FIRST + len(self.form.rows)):
            self._write_check_row(line, _GRID + line - FIRST)
        red, amber = self.book.add_format({"bg_color": _RED}), self.book.add_format({"bg_color": _AMBER})
        for mark, style in (("missing", red), ("error", red), ("duplicate", red), ("warning", amber)):
            rule = {"type": "cell", "criteria": "==", "value": f'"{marks[mark]}"', "format": style}
            sheet.conditional_format(f"{grid}".replace("$", ""), rule)
        _fit_to_width(sheet)

    def _write_check_row(self, line: int, target: int) -> None:
        sheet, marks, row = self.check, self.check_texts["marks"], self.form.rows[line - FIRST]
        layout = self.judging
        cell_style = self.style(font_size=9, align="center", border=1, border_color=RULE)
        sheet.write_string(target, 0, f"{self.check_texts['line']} {line + 1}", self.style(font_size=9))
        for number, slot in enumerate(self.layout.slots):
            if slot.kind != "column" or slot.name in row.closed:
                continue
            found = [
                (layout.is_missing(line, slot.name), "missing"),
                (layout.is_wrong(line, slot.name), "error"),
                (layout.is_doubtful(line, slot.name), "warning"),
            ]
            formula = '""'
            for condition, mark in reversed(found):
                formula = f'IF({condition},"{marks[mark]}",{formula})' if condition else formula
            if formula != '""':
                sheet.write_formula(target, number, f"={formula}", cell_style, "")
        filled = f'IF({layout.is_started(line)},"{marks["filled"]}","")'
        duplicate = f'IF({layout.is_duplicate(line)},"{marks["duplicate"]}",{filled})'
        sheet.write_formula(target, len(self.layout.slots), f"={duplicate}", cell_style, "")

    def _write_instructions(self) -> None:
        contract = self.form.contract
        threshold = self.registry.parameters.get(("spike", "threshold"), 0)
        values = {
            **self._values(),
            "about": contract.about_zh,
            "due": self.due,
            "threshold": f"{threshold:g}",
            "check": self.texts["sheets"]["check"],
            "pass": self.check_texts["pass"],
            "complete": COMPLETE,
            "incomplete": INCOMPLETE,
        }
        self.instructions.set_column(0, 0, _TEXT_WIDTH)
        self.instructions.write_string(
            0, 0, self.texts["title"].format(**self._values()), self.style(bold=True, font_size=14)
        )
        self.instructions.write_string(1, 0, self.texts["number"].format(**self._values()), self.style(font_color=GREY))
        for line, text in enumerate(read_form_texts()["instructions"], start=3):
            is_heading = text[1:2] == "、"
            filled = text.format(**values)
            style = self.style(bold=True, font_size=12) if is_heading else self.style(text_wrap=True)
            self.instructions.set_row(line, 16 * max(1, -(-2 * len(filled) // _TEXT_WIDTH)) + 4)
            self.instructions.write_string(line, 0, filled, style)
        _fit_to_width(self.instructions, is_landscape=False)

    def _write_meanings(self) -> None:
        """Write what each figure means, one block below the other: a table of them would look like one to be read."""
        sheet, wrap = self.meanings, self.style(text_wrap=True)
        sheet.set_column(0, 0, _TEXT_WIDTH)
        line = 0
        for indicator in self.form.indicators:
            parts = [indicator.definition, f"计算：{indicator.formula.split(' | ')[0]}"]
            scored = "计分" if indicator.is_scored else "只展示，不计分"
            parts.append(f"计量：{indicator.unit}；口径：{indicator.scope}；{scored}")
            sheet.write_string(line, 0, indicator.name, self.style(bold=True))
            for number, text in enumerate(parts, start=1):
                sheet.set_row(line + number, 16 * max(1, -(-2 * len(text) // _TEXT_WIDTH)))
                sheet.write_string(line + number, 0, text, wrap)
            line += len(parts) + 2
        _fit_to_width(sheet, is_landscape=False)


def _fit_to_width(sheet: Any, *, is_landscape: bool = True) -> None:
    """Print a sheet on A4, one page wide."""
    if is_landscape:
        sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)


def _limits(column: ContractColumn) -> str:
    if column.min is not None and column.max is not None:
        return f"{format_number(column.min)}～{format_number(column.max)}"
    return f"≥{format_number(column.min)}" if column.min is not None else f"≤{format_number(column.max or 0)}"
