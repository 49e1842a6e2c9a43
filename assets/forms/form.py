"""The content of a form: its number, its columns, and what each of its rows already says.

Here: which rows a city is asked for, the limits of each cell, and the earlier figures beside it. Not here: the workbook
(assets.forms.workbook), where earlier figures come from (assets.forms.history).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from assets.forms.history import Earlier, History, choice_columns
from assets.forms.registry import City, FormRegistry, Indicator
from assets.intake.tables.contracts import SCOPE, Contract, ContractColumn
from assets.intake.tables.form_id import FormId

# Rows for what the form cannot know: districts and other scopes, choices that no city made yet, events.
_SPARE_ROWS, _EVENT_ROWS = 10, 40


@dataclass(frozen=True, slots=True)
class CellRules:
    """What one cell of figures may hold, and the earlier figure beside it; `unit` is that of the row, if it has one."""

    minimum: float | None = None
    maximum: float | None = None
    earlier: Earlier | None = None


@dataclass(frozen=True, slots=True)
class FormRow:
    """A row of a form.

    Attributes:
        given: the cells that the form fills in.
        rules: the rules of the cells of figures, by column; a column without one has those of the contract.
        closed: columns that are not to be filled in here, because their figures are of another scope.
    """

    given: Mapping[str, str | int]
    rules: Mapping[str, CellRules] = field(default_factory=dict)
    closed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Form:
    """A form for one dataset, city and year.

    Attributes:
        indicators: the indicators that the dataset feeds, to be explained.
        earlier_above: whether the earlier figures stand above the table, one for each column; else beside each cell.
        locked: the given columns that must not be changed; the others have what is mostly meant.
    """

    form_id: FormId
    contract: Contract
    city: City
    rows: Sequence[FormRow]
    indicators: Sequence[Indicator]
    earlier_above: bool
    locked: frozenset[str]

    @property
    def year(self) -> int:
        """The year of the figures."""
        return self.form_id.year

    @property
    def figures(self) -> list[str]:
        """The columns of figures."""
        return self.contract.figures

    def rules_of(self, row: FormRow, name: str) -> CellRules:
        """Return the rules of a cell of figures."""
        column = self.contract.columns[name]
        return row.rules.get(name, CellRules(column.min, column.max))

    @property
    def file_name(self) -> str:
        """The name of its file."""
        return f"{self.contract.zh}_{self.city.name}_{self.year}.xlsx"


def build_form(registry: FormRegistry, contract: Contract, city: City, year: int, history: History) -> Form:
    """Return the form of a dataset for a city and a year."""
    builder = _FormBuilder(registry, contract, city, year, history)
    is_by_indicator = contract.column_of("indicator") is not None
    is_wide = not is_by_indicator and not choice_columns(contract) and not builder.has_free_key
    rows = builder.indicator_rows() if is_by_indicator else builder.scope_rows() if is_wide else builder.choice_rows()
    indicator, unit = contract.column_of("indicator"), contract.column_of("unit")
    locked = {contract.place, contract.place_code, contract.year, indicator, unit}
    return Form(
        FormId(contract.dataset, city.city_code, year, contract.version),
        contract,
        city,
        tuple(rows),
        registry.indicators_of(contract.dataset),
        is_wide,
        frozenset(name for name in locked if name is not None),
    )


@dataclass(frozen=True)
class _FormBuilder:
    registry: FormRegistry
    contract: Contract
    city: City
    year: int
    history: History

    @property
    def has_free_key(self) -> bool:
        """Whether rows differ by what only the sender knows, such as the name of an event."""
        given = {*self.contract.given_columns}
        return any(self.contract.columns[name].required and name not in given for name in self.contract.key)

    @property
    def place_and_year(self) -> dict[str, str | int]:
        contract = self.contract
        given: dict[str, str | int] = {contract.place: self.city.name}
        if contract.place_code is not None:
            given[contract.place_code] = self.city.city_code
        if contract.year is not None:
            given[contract.year] = self.year
        return given

    @property
    def scopes(self) -> list[str]:
        """The registered scopes of the indicators that the contract allows, the most frequent one first."""
        column = self.contract.columns.get(SCOPE)
        counts = Counter(indicator.scope for indicator in self.registry.indicators_of(self.contract.dataset))
        return [scope for scope, _ in counts.most_common() if column is None or scope in (column.allowed or ())]

    def scope_cell(self, scope: str | None) -> dict[str, str | int]:
        column = self.contract.columns.get(SCOPE)
        return {SCOPE: shown_value(column, scope)} if column is not None and scope is not None else {}

    def indicator_rows(self) -> Iterator[FormRow]:
        """A row for each indicator that a row may name."""
        contract = self.contract
        name, unit = contract.column_of("indicator") or "", contract.column_of("unit")
        value = next(name for name, column in contract.columns.items() if column.type == "number")
        for indicator in sorted(self.registry.indicators_of(contract.dataset), key=lambda each: not each.is_scored):
            given = {**self.place_and_year, name: indicator.name, **self.scope_cell(indicator.scope)}
            given |= {unit: indicator.unit} if unit is not None else {}
            earlier = self.history.by_indicator.get(indicator.indicator_id)
            yield FormRow(given, {value: CellRules(indicator.minimum, indicator.maximum, earlier)})

    def scope_rows(self) -> Iterator[FormRow]:
        """A row for each scope, in which the figures of other scopes are closed, and further ones for districts."""
        scopes: list[str | None] = list(self.scopes) if SCOPE in self.contract.columns else [None]
        registered, dataset = self.registry.indicators, self.contract.dataset
        indicators = {name: registered.get(f"{dataset}.{name}") for name in self.contract.figures}
        rules = {name: self._rules(name, indicator) for name, indicator in indicators.items()}
        for scope in scopes:
            others = (
                name for name, indicator in indicators.items() if scope and indicator and indicator.scope != scope
            )
            yield FormRow({**self.place_and_year, **self.scope_cell(scope)}, rules, frozenset(others))
        spare = FormRow({**self.place_and_year, **self.scope_cell(next(iter(scopes), None))})
        yield from [spare] * _SPARE_ROWS

    def choice_rows(self) -> Iterator[FormRow]:
        """A row for each combination of choices that some city has reported, and further ones."""
        scope = next(iter(self.scopes), None)
        names = choice_columns(self.contract)
        for choices in self.history.choices:
            pairs = zip(names, choices, strict=True)
            given = {name: shown_value(self.contract.columns[name], value) for name, value in pairs}
            last = self.history.rows.get(choices, {})
            rules = {name: self._rules(name, None, last.get(name)) for name in self.contract.figures}
            yield FormRow({**self.place_and_year, **given, **self.scope_cell(scope)}, rules)
        spare = FormRow({**self.place_and_year, **self.scope_cell(scope)})
        yield from [spare] * (_EVENT_ROWS if self.has_free_key else _SPARE_ROWS)

    def _rules(self, name: str, indicator: Indicator | None, earlier: Earlier | None = None) -> CellRules:
        column = self.contract.columns[name]
        if indicator is not None:
            earlier = self.history.by_indicator.get(indicator.indicator_id)
        return CellRules(column.min, column.max, earlier)


def shown_value(column: ContractColumn | None, value: str) -> str:
    """Return an allowed value in the word in which offices know it."""
    return value if column is None else next(iter(column.labels_of(value)), value)
