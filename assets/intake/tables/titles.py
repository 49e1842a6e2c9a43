"""Titles: what the rows above a table, the name of its sheet and the sender say about all of its rows.

Here: the year or a part of it, the place, and whether the figures are planned ones. Not here: units
(assets.intake.tables.unit_statements).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from assets.core.errors import Issue
from assets.intake.tables.contracts import Contract
from assets.intake.tables.row_kinds import plain_form
from assets.intake.values.places import Places, normalise_place_name

# A year, and not the month, the half or the span of which it is a part: 2024年1-6月, 2024年上半年, 2020-2024年.
_WHOLE_YEAR = re.compile(r"(?:19|20)[0-9]{2}年?度?")
_YEAR = re.compile(
    r"(?<![0-9])(?<![0-9年度][-—–~至到/])(?:(?:19|20)[0-9]{2})(?![0-9])(?!年?度?[-—–~至到]+(?:19|20)?[0-9])"
    r"(?!年?(?:第?[1-4一二三四]季|[上下]半|[0-9]{1,2}月|[第前1-9][^年]{0,4}[月季]))(?![-/.][0-9])"
    r"(?!年?度?(?:[以之至][来前后今]|[起前后]))"
)
# 2024年1-9月, 上半年, 三季度, 截至2024年9月底, 截止日期:2024-09-30; not 1-12月, and not the day of a report.
_MONTH = r"(?:0?[1-9]|1[01]|十一?|[一二三四五六七八九])"
_PART_OF_YEAR = re.compile(
    rf"(?<![0-9十])(?:0?1|一)月?份?[-—–~至到]+{_MONTH}月|[上下]半年|前[一二三1-3]个?季度|(?<!前)[一二三四1-4]季度|前{_MONTH}个?月"
)
_UNTIL_MONTH = re.compile(
    rf"截[至止][到于]?(?:日期|时间)?:?(?:(?:19|20)[0-9]{{2}}[年/.-]?)?(?:{_MONTH}月|(?<=[/.-]){_MONTH}(?![0-9]))"
)
_SPAN = r"(?:19|20)[0-9]{2}年?度?[-—–~至到]+(?:(?:19|20)?[0-9]{2}|今)"
# 2021-2023年累计, 2021年以来, “十四五”以来; not 2024年累计, which may be the year alone.
_RUNNING_COUNT = re.compile(
    rf"{_SPAN}.{{0,60}}累计|累计.{{0,60}}(?:{_SPAN}|历年)|历年.{{0,60}}累计"
    r"|(?:(?:19|20)[0-9]{2}年?|十[二三四五]五\W?)(?:以来|起.{0,60}累计)"
)
_YEAR_LABEL = re.compile(r"(?:统计|所属|数据|报告)?(?:年份|年度|报告期|期别):")
_SECTION = re.compile(r"(?:[(]?[一二三四五六七八九十0-9]{1,2}[)]?[、.．)])?((?:19|20)[0-9]{2})年?(?:度|情况|数据)?")
# Words of a title that do not change what its figures mean.
_FRAMING = re.compile(
    r"^表[0-9一二三四五六七八九十]+(?:-[0-9]+)?[:、.]?|^[(]?[0-9一二三四五六七八九十]{1,2}[)]?[、.]"
    r"|(?:19|20)[0-9]{2}年?(?:[-—–~至到]+(?:19|20)?[0-9]{2}年?)?度?|[分各](?:设区市|地区|城市|市|地)(?:的)?"
    r"|全省|历年|逐年|(?:主要)?(?:情况|数据|年报|统计|汇总|一览|报)+(?:表|$)|表(?=$|[(])"
)
_MAX_NAME = 14


@dataclass(frozen=True)
class Titles:
    """The texts over one table, by where they stand; `line` is that of the first title row."""

    title: tuple[str, ...] = ()
    sheet: tuple[str, ...] = ()
    sender: tuple[str, ...] = ()
    line: int | None = None

    def of(self, source: str) -> tuple[str, ...]:
        """Return the texts of one source: title, sheet or sender."""
        texts: tuple[str, ...] = getattr(self, source)
        return texts


def section_year(cells: Sequence[str]) -> int | None:
    """Return the year of a row that holds nothing else, such as 二、2023年."""
    filled = {form for form in map(plain_form, cells) if form}
    match = _SECTION.fullmatch(filled.pop()) if len(filled) == 1 else None
    return int(match[1]) if match is not None else None


def is_year(text: str) -> bool:
    """Return whether a cell holds a year and nothing else, such as 2023年."""
    return _WHOLE_YEAR.fullmatch(plain_form(text)) is not None


def find_years(texts: Iterable[str]) -> set[int]:
    """Return the years that titles name; a label with a colon, such as 报出日期, says nothing of the figures."""
    years: set[int] = set()
    for form in map(plain_form, texts):
        if ":" not in form or _YEAR_LABEL.match(form):
            years.update(int(year) for year in _YEAR.findall(form))
    return years


def find_part_of_year(texts: Iterable[str]) -> str | None:
    """Return the words of titles that say that the figures are those of a part of a year, such as 1-9月."""
    for form in map(plain_form, texts):
        is_of_figures = ":" not in form or _YEAR_LABEL.match(form)
        match = _UNTIL_MONTH.search(form) or (_PART_OF_YEAR.search(form) if is_of_figures else None)
        if match is not None:
            return match[0]
    return None


def find_running_count(texts: Iterable[str]) -> str | None:
    """Return the words of titles that say that the figures count since an earlier year, such as 2021年以来."""
    matches = (_RUNNING_COUNT.search(plain_form(text)) for text in texts)
    return next((match[0] for match in matches if match is not None), None)


def find_place_names(texts: Iterable[str], places: Places) -> set[str]:
    """Return the names in texts of cities and counties, the longest one at each position."""
    found: set[str] = set()
    for text in texts:
        form = normalise_place_name(text)
        position = 0
        while position < len(form):
            ends = range(min(position + _MAX_NAME, len(form)), position + 1, -1)
            end = next((end for end in ends if _is_city(form[position:end], form, places)), None)
            if end is not None:
                found.add(form[position:end])
            position = end or position + 1
    return found


def _is_city(name: str, whole: str, places: Places) -> bool:
    """Whether a part of a text names a city; codes and Latin names only where they are the whole text."""
    place = places.forms.get(name)
    return place is not None and place.city_code is not None and (name == whole or not name.isascii())


def strip_framing(text: str, places: Places) -> str:
    """Return a title without places, years and words such as 统计表, so that the name of the figure is left."""
    form = plain_form(text)
    names = (name for name in places.forms if not name.isascii() and len(name) > 1 and name in form)
    for name in sorted(names, key=len, reverse=True):
        form = form.replace(name, "")
    return _FRAMING.sub("", form)


def find_constants(
    titles: Titles, contract: Contract, places: Places, missing: Iterable[str], sheet: str | None
) -> tuple[dict[str, str], list[Issue]]:
    """Return place, year and labelled values for the columns that a table lacks, and where sources contradict.

    Args:
        titles: the texts over the table.
        contract: the contract, which says from where they may be taken.
        places: the registered places.
        missing: the required columns that the table lacks.
        sheet: the name of the sheet, for the issues.
    """
    constants, issues = {}, []
    for name in missing:
        values: dict[str, str]
        if name == contract.place:
            named = {source: find_place_names(titles.of(source), places) for source in contract.place_from}
            stated = {source: {places.forms[form]: form for form in forms} for source, forms in named.items()}
            values = {source: next(iter(forms.values())) for source, forms in stated.items() if len(forms) == 1}
            differ = len({places.forms[form] for form in values.values()}) > 1
        elif name == contract.year:
            years = {source: find_years(titles.of(source)) for source in contract.year_from}
            values = {source: str(*found) for source, found in years.items() if len(found) == 1}
            differ = len(set(values.values())) > 1
        else:
            values = dict(find_labelled(titles, contract, name))
            differ = len(set(values.values())) > 1
        if differ:
            actual = " / ".join(values.values())
            issues.append(Issue("conflicting_titles", actual, name, line=titles.line, column=name, sheet=sheet))
        elif values:
            constants[name] = next(iter(values.values()))
    return constants, issues


def find_labelled(titles: Titles, contract: Contract, name: str) -> Iterator[tuple[str, str]]:
    """Yield the titles in which an allowed value follows the header of a column, with it: 统计口径：城区."""
    column = contract.columns[name]
    values = {plain_form(word): value for value in column.allowed or () for word in (value, *column.labels_of(value))}
    labels = {plain_form(header) for header in (name, column.zh, *column.aliases)}
    for text in titles.title:
        label, colon, value = plain_form(text).strip("()").partition(":")
        if colon and label in labels and value in values:
            yield text, values[value]


def find_plan_word(titles: Titles, contract: Contract) -> str | None:
    """Return the word of a title or of the name of the sheet that says that the figures are planned or expected."""
    text = "\n".join(map(plain_form, (*titles.title, *titles.sheet)))
    is_actual = any(word in text for word in contract.actual_words)
    words = contract.forecast_words + (() if is_actual else contract.plan_words)
    return next((word for word in words if word in text), None)
