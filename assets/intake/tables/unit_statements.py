"""Units that are stated once for a table: above it, in its name, in a note, in a cell of their own.

Here: finding such statements and applying them to the columns of their kind, or refusing the table. Not here: the unit
in a header (assets.intake.tables.headers).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from assets.core.errors import Issue
from assets.intake.tables.headers import Header, HeaderMatcher
from assets.intake.tables.row_kinds import plain_form

_LABEL = r"(?:计量|数量|数据)?单位(?:均|都)?(?:为|是|系|:)?|units?:"
# Limits of length, because a search without them takes hours in a long text that has no unit.
_LABELLED = re.compile(
    rf"(?P<subject>[^。;:,()]{{0,100}}?)(?P<label>{_LABEL})(?=(?P<units>(?:(?!单位)[^。;()]){{0,100}}))"
)
_MEASURED = re.compile(
    r"(?P<subject>[^。;:,()以按]{0,100}+)(?:以|按)(?P<units>[^。;:,()]{1,50}?)(?:为(?:计量)?单位|计算?)"
)
_NAMED = re.compile(r"(?P<subject>[^。;:,()]{1,100})(?:为|是|:)(?P<units>[^。;:,()]{1,100})")
_BRACKETED = re.compile(r"(?P<subject>)\((?P<units>[^()]+)\)")
_PREFIX = re.compile(r"^(?:注释?|附注|说明|备注|本表|表中|其中|各|均|[0-9]+[、.)])[:]?")
_SEPARATOR = re.compile(r"[、,]|和|与|及")
# 单位：南昌市住房和城乡建设局 names an office, 单位：见表头 another place.
_NO_UNIT = re.compile(r"[局厅委院所司处科部办府市县区省镇乡社团会校]|中心|街道|盖章|公章|[见如同另详]")
_LABEL_WITH_COLON = re.compile(r".*(?:为|是|系|:)")
# Of the quantities of the registry, those that no statement for a whole table is about.
_OTHER_QUANTITIES = frozenset(("year", "time", "index", "yes_no", "ratio"))


@dataclass(frozen=True, slots=True)
class UnitStatement:
    """A text that states units: for the columns that it names, or else for all of the same kind.

    Attributes:
        text: the cell.
        line: its line, None for the name of the sheet.
        units: the units, none where the text after the label is no unit.
        columns: the columns of the contract that it names.
    """

    text: str
    line: int | None
    units: tuple[str, ...]
    columns: frozenset[str] = frozenset()


def find_unit_statements(
    texts: Iterable[tuple[str, int | None]], matcher: HeaderMatcher, *, are_titles: bool
) -> list[UnitStatement]:
    """Return what cells say about units.

    Args:
        texts: the cells above or below a table, each with its line.
        matcher: the headers and units that the contract knows.
        are_titles: whether a unit alone in brackets is a statement, as in a title or the name of a sheet.
    """
    return [
        statement for text, line in texts for statement in _find_in_text(text, line, matcher, are_titles=are_titles)
    ]


def _find_in_text(text: str, line: int | None, matcher: HeaderMatcher, *, are_titles: bool) -> Iterator[UnitStatement]:
    plain, is_stated = plain_form(text), False
    for pattern in (_LABELLED, _MEASURED, *((_BRACKETED,) if are_titles else (_NAMED,))):
        for match in pattern.finditer(plain) if not is_stated else ():
            units, columns = _units(match["units"], matcher), _columns(match["subject"], matcher)
            is_unit = bool(units) and (bool(columns) or pattern is not _NAMED)
            if is_unit or (pattern is _LABELLED and _may_be_unit(match, columns)):
                is_stated = True
                yield UnitStatement(text.strip(), line, units, columns)


def _may_be_unit(match: re.Match[str], columns: frozenset[str]) -> bool:
    """Whether the text after a label with a colon was meant as a unit."""
    is_of_office = bool(_PREFIX.sub("", match["subject"])) and not columns
    is_empty = not match["units"] or _LABEL_WITH_COLON.fullmatch(match["label"]) is None
    return not is_of_office and not is_empty and _NO_UNIT.search(match["units"]) is None


def _units(text: str, matcher: HeaderMatcher) -> tuple[str, ...]:
    """The units with which a text begins, such as 公里、%."""
    parts = (part for part in _SEPARATOR.split(text) if part)
    quantities = ((part, matcher.units.quantity(part)) for part in parts)
    return tuple(part for part, _ in takewhile(lambda pair: pair[1] not in (None, *_OTHER_QUANTITIES), quantities))


def _columns(subject: str, matcher: HeaderMatcher) -> frozenset[str]:
    names = [part for part in _SEPARATOR.split(_PREFIX.sub("", subject).removesuffix("的")) if part]
    columns = [header.column for header in map(matcher.match, names) if header is not None]
    return frozenset(column for column in columns if column in matcher.figures)


def apply_unit_statements(
    headers: Sequence[Header], statements: Sequence[UnitStatement], matcher: HeaderMatcher, sheet: str | None
) -> tuple[list[Header], list[Issue]]:
    """Return the headers with the units that are stated elsewhere, and what contradicts or fits nothing.

    Where each row has its unit, the statements are compared with the rows instead (`compare_units`).
    """
    result, issues = list(headers), []
    has_units_of_rows = matcher.contract.column_of("unit") is not None
    for statement in statements if not has_units_of_rows else ():
        fitting = [
            number
            for number, header in enumerate(result)
            if header.column in matcher.figures and _fitting_units(statement, header, matcher)
        ]
        if not fitting:
            issues.append(_misfit(statement, result, matcher, sheet))
        for number in fitting:
            header = result[number]
            units = _fitting_units(statement, header, matcher)
            if len(units) == 1 and header.unit is None:
                result[number] = replace(header, text=f"{header.text}（{units[0]}）", unit=units[0])
            elif len(units) > 1 or _differ(units[0], header.unit or "", matcher):
                stated = header.text if header.unit is not None else "、".join(units)
                issues.append(_conflict(statement, stated, header, matcher, sheet))
    return result, issues


def compare_units(
    cells: Iterable[tuple[str, int]], statements: Sequence[UnitStatement], matcher: HeaderMatcher, sheet: str | None
) -> list[Issue]:
    """Return where the units of rows contradict those that are stated for units of the same kind.

    Args:
        cells: the unit of each row, and its line.
        statements: the units that are stated for the table.
        matcher: the units that the contract knows.
        sheet: the name of the sheet, for the issues.
    """
    stated = [unit for statement in statements for unit in statement.units]
    by_unit = {plain_form(text): line for text, line in cells}
    for unit, line in by_unit.items():
        same_kind = [other for other in stated if matcher.units.factor(unit, other) is not None]
        if same_kind and all(_differ(unit, other, matcher) for other in same_kind):
            actual = f"{unit} / {statements[0].text}"
            return [Issue("conflicting_units", actual, "、".join(same_kind), line=line, sheet=sheet)]
    return []


def _fitting_units(statement: UnitStatement, header: Header, matcher: HeaderMatcher) -> list[str]:
    """The units of a statement that convert to that of the column, one for each factor."""
    expected = matcher.contract.columns[header.column or ""].unit
    if expected is None or (statement.columns and header.column not in statement.columns):
        return []
    factors = {matcher.units.factor(unit, expected): unit for unit in reversed(statement.units)}
    return [unit for factor, unit in factors.items() if factor is not None]


def _differ(one: str, other: str, matcher: HeaderMatcher) -> bool:
    return matcher.units.factor(one, other) != 1


def _conflict(
    statement: UnitStatement, stated: str, header: Header, matcher: HeaderMatcher, sheet: str | None
) -> Issue:
    expected = matcher.contract.columns[header.column or ""].unit or ""
    actual = f"{stated} / {statement.text}"
    return Issue("conflicting_units", actual, expected, line=statement.line, column=header.column, sheet=sheet)


def _misfit(statement: UnitStatement, headers: Sequence[Header], matcher: HeaderMatcher, sheet: str | None) -> Issue:
    measured = [matcher.contract.columns[h.column] for h in headers if h.column and h.column in matcher.figures]
    units = list(dict.fromkeys(column.unit for column in measured if column.unit is not None))
    if not statement.units:
        return Issue("unknown_unit", statement.text, "、".join(units), line=statement.line, sheet=sheet)
    example = next((f"{column.zh}（{column.unit}）" for column in measured if column.unit is not None), "")
    return Issue("unit_without_column", statement.text, example, line=statement.line, sheet=sheet)
