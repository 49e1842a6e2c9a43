"""Where things stand in the sheet of a form, and the formulas that judge its cells.

Here: rows and columns of the sheet, and for each cell what would be refused and what should be checked, as formulas
that Excel, WPS and LibreOffice compute alike. Not here: formats and writing (assets.forms.workbook).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from xlsxwriter.utility import xl_rowcol_to_cell as address

from assets.core.text import format_number
from assets.forms.form import CellRules, Form, FormRow
from assets.intake.tables.contracts import SOURCE_ID, ContractColumn
from assets.intake.values.cell_parsers import PLAUSIBLE_YEARS
from assets.intake.values.numeric_columns import PERCENT

Kind = Literal["column", "earlier", "sign_off", "low", "high", "minimum", "maximum"]
# The rows of the sheet from 0. A blank row parts the titles from the headers.
TITLE, NUMBER, STATUS, LEGEND, REQUIREMENTS, EARLIER, LOW, HIGH, HEADERS, FIRST = 0, 1, 2, 3, 4, 5, 6, 7, 9, 10


@dataclass(frozen=True, slots=True)
class Slot:
    """A column of the sheet: one of the contract, one for the signature, or one that only shows an earlier figure."""

    kind: Kind
    name: str


@dataclass(frozen=True)
class FormLayout:
    """The places of a form.

    Attributes:
        form: its content.
        sign_off: the headers of the columns in which it is signed.
        lists: the addresses of the drop-down lists, by column.
        prefix: the name of the sheet before addresses, for the formulas of another one.
    """

    form: Form
    sign_off: Sequence[str]
    lists: dict[str, str]
    prefix: str = ""

    @cached_property
    def slots(self) -> list[Slot]:
        """The columns of the sheet from left to right; further texts and bounds stand last, outside the page."""
        texts = (Slot("column", name) for name in self._further_texts)
        return [*self._answers(), *(Slot("sign_off", name) for name in self.sign_off), *texts, *self._bounds()]

    @property
    def printed(self) -> int:
        """The number of columns on the printed page: up to the signatures."""
        return 1 + max(number for number, slot in enumerate(self.slots) if slot.kind == "sign_off")

    @cached_property
    def _further_texts(self) -> list[str]:
        """Columns of free text that need not be filled in."""
        contract = self.form.contract
        columns = contract.columns.items()
        texts = {name for name, column in columns if column.type == "text" and not column.is_categorical}
        return [
            name
            for name in contract.columns
            if name in texts and name not in contract.key and not contract.columns[name].required
        ]

    @property
    def last(self) -> int:
        """The last row of the table."""
        return FIRST + len(self.form.rows) - 1

    def column(self, name: str, kind: Kind = "column") -> int | None:
        """Return the number of a column of the sheet, None where it has none."""
        slot = Slot(kind, name)
        return self.slots.index(slot) if slot in self.slots else None

    def _answers(self) -> Iterator[Slot]:
        for name in self.form.contract.columns:
            if name in self._further_texts:
                continue
            yield Slot("column", name)
            if not self.form.earlier_above and self._has_rules(name, "earlier"):
                yield Slot("earlier", name)

    def _bounds(self) -> Iterator[Slot]:
        if self.form.earlier_above:
            return
        for name in self.form.figures:
            kinds: tuple[Kind, ...] = ("low", "high") if self._has_rules(name, "bounds") else ()
            kinds += ("minimum", "maximum") if self.form.contract.column_of("indicator") is not None else ()
            yield from (Slot(kind, name) for kind in kinds)

    def _has_rules(self, name: str, what: str) -> bool:
        earlier = [rules.earlier for row in self.form.rows if (rules := row.rules.get(name)) is not None]
        return any(one is not None and (what == "earlier" or one.low is not None) for one in earlier)

    # --- formulas -----------------------------------------------------------------------------------------------

    def cell(self, line: int, name: str, kind: Kind = "column") -> str | None:
        """Return the address of a cell of the table, with its column fixed."""
        number = self.column(name, kind)
        return None if number is None else self._at(line, number)

    def is_started(self, line: int) -> str:
        """Return the formula of whether something was filled in in a row."""
        return f"COUNTA({','.join(self._neighbours(line))})>0"

    def is_missing(self, line: int, name: str) -> str | None:
        """Return the formula of whether a required cell is blank in a row that was started."""
        if not self.form.contract.is_needed(name) or self._is_given(line, name):
            return None
        return f'AND({self.is_started(line)},{self.cell(line, name)}="")'

    def is_wrong(self, line: int, name: str) -> str | None:
        """Return the formula of whether intake would refuse a cell; None where it takes whatever is typed."""
        column, cell = self.form.contract.columns[name], self.cell(line, name)
        if self._is_given(line, name):
            return None
        if name in self.lists:
            # COUNTIF would take ?? for any two characters.
            listed = f'AND({cell}<>"",SUMPRODUCT(--({self.lists[name]}={cell}))=0)'
            return f"AND({listed},NOT({_has_han(cell)}))" if self._takes_own_source(name) else listed
        if column.is_numeric:
            return self._is_wrong_number(line, name, column)
        if column.type == "date":
            first, last = _year_limits(column)
            return f"AND(ISNUMBER({cell}),OR({cell}<DATE({first},1,1),{cell}>DATE({last},12,31)))"
        if column.type == "text":
            return f'ISNUMBER(SEARCH("~?~?",SUBSTITUTE({cell},"？","?")))'
        return None

    def is_doubtful(self, line: int, name: str) -> str | None:
        """Return the formula of whether a cell should be looked at: words in place of a figure, an unusual move."""
        column, cell = self.form.contract.columns[name], self.cell(line, name)
        if not column.is_numeric and column.type != "date":
            return None
        conditions = [f"ISTEXT({cell})"]
        if column.unit == PERCENT:
            # 0.432 may be 0.432 % or 43.2 %, and intake takes it only with its sign.
            conditions.append(f"IF(ISNUMBER({cell}),AND({cell}<>0,ABS({cell})<=1),FALSE)")
        low, high = self._bound(line, name, "low"), self._bound(line, name, "high")
        if low is not None and high is not None:
            conditions += [
                f"AND(ISNUMBER({cell}),ISNUMBER({low}),{cell}<{low})",
                f"AND(ISNUMBER({cell}),ISNUMBER({high}),{cell}>{high})",
            ]
        return f'AND({cell}<>"",OR({",".join(conditions)}))'

    def is_duplicate(self, line: int) -> str:
        """Return the formula of whether another row has the same key."""
        columns = [number for name in self.form.contract.key if (number := self.column(name)) is not None]
        pairs = [f"({self._down(number)}={self._at(line, number)})" for number in columns]
        # COUNTA does not take rows apart.
        filled = "+".join(f'({self._down(number)}<>"")' for number in self._answer_columns)
        return f"AND({self.is_started(line)},SUMPRODUCT({'*'.join([f'(({filled})>0)', *pairs])})>1)"

    def _is_wrong_number(self, line: int, name: str, column: ContractColumn) -> str:
        cell = self.cell(line, name)
        rules = self.form.rules_of(self.form.rows[line - FIRST], name)
        conditions = [f"{cell}<>INT({cell})"] if column.type == "integer" else []
        for kind, sign, limit in (("minimum", "<", rules.minimum), ("maximum", ">", rules.maximum)):
            bound = self.cell(line, name, kind)  # type: ignore[arg-type]
            if bound is not None:
                conditions.append(f"AND(ISNUMBER({bound}),{cell}{sign}{bound})")
            elif limit is not None:
                conditions.append(f"{cell}{sign}{format_number(limit)}")
        return f"IF(ISNUMBER({cell}),OR({','.join(conditions) or 'FALSE'}),FALSE)"

    def _bound(self, line: int, name: str, kind: Literal["low", "high"]) -> str | None:
        if not self.form.earlier_above:
            return self.cell(line, name, kind)
        number = self.column(name)
        if number is None or self.form.rows[line - FIRST].rules.get(name) is None:
            return None
        return self._at(LOW if kind == "low" else HIGH, number, row_abs=True)

    @cached_property
    def _answer_columns(self) -> list[int]:
        """The columns that the form never fills in."""
        given = self.form.contract.given_columns
        return [number for number, slot in enumerate(self.slots) if slot.kind == "column" and slot.name not in given]

    def _neighbours(self, line: int) -> Iterator[str]:
        """The cells of a row that the form never fills in, as ranges of neighbours."""
        columns, first = self._answer_columns, 0
        for number, column in enumerate(columns):
            if number + 1 == len(columns) or columns[number + 1] != column + 1:
                yield f"{self._at(line, columns[first])}:{address(line, column, col_abs=True)}"
                first = number + 1

    def _down(self, number: int) -> str:
        """A column of the table from its first row to its last."""
        return f"{self._at(FIRST, number, row_abs=True)}:{address(self.last, number, True, True)}"

    def _at(self, line: int, number: int, *, row_abs: bool = False) -> str:
        return f"{self.prefix}{address(line, number, row_abs=row_abs, col_abs=True)}"

    def _is_given(self, line: int, name: str) -> bool:
        """Whether the form fills in a cell that must not be changed."""
        return name in self.form.locked and name in self.form.rows[line - FIRST].given

    def _takes_own_source(self, name: str) -> bool:
        return name == SOURCE_ID and self.form.contract.own_source is not None


def rules_above(form: Form) -> FormRow:
    """Return the row whose rules stand above the table: the earlier figures of all its rows."""
    rules: dict[str, CellRules] = {}
    for row in form.rows:
        rules |= {name: cell for name, cell in row.rules.items() if name not in rules}
    return FormRow({}, rules)


def _has_han(cell: str | None) -> str:
    """The formula of whether a text has a character that no code has."""
    return f'SUMPRODUCT(--(_xlfn.UNICODE(MID({cell}&" ",ROW($1:$60),1)&" ")>127))>0'


def _year_limits(column: ContractColumn) -> tuple[int, int]:
    first, last = PLAUSIBLE_YEARS
    return int(column.min or first), int(column.max or last)
