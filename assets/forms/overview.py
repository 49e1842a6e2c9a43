"""The overview of a collection for the province: cities by datasets, as a page and as a workbook.

Here: both files, with rates of completeness and timeliness. Not here: the state of a delivery (assets.forms.owed).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import jinja2
import xlsxwriter

from assets.core.text import MISSING, format_decimal
from assets.forms.owed import Delivery, rate
from assets.forms.registry import FormRegistry
from assets.forms.workbook import read_form_texts
from assets.release.outputs.excel_limits import FIXED_CREATION_TIME
from assets.release.outputs.workbook.cell_styles import FONT, RULE

_COLOURS = {"complete": "#BBD9F2", "in_time": "#DCECF9", "late": "#FBF0D0", "overdue": "#F2B27A"}
_PAGE = """<!DOCTYPE html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>{{ title }}</title><style>
body { font: 15px/1.6 "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; margin: 2em auto; max-width: 78em }
table { border-collapse: collapse; width: 100% }
th, td { border: 1px solid #b8c2cc; padding: .3em .6em; text-align: left }
th { background: #eef1f4 } td small { color: #5f6b7a; display: block } .n { text-align: right; white-space: nowrap }
</style></head><body><h1>{{ title }}</h1><p>{{ note }}</p><table><thead><tr>
{% for heading in headings %}<th>{{ heading }}</th>{% endfor %}</tr></thead><tbody>
{% for row in rows %}<tr><th>{{ row.name }}</th>{% for cell in row.cells %}
<td style="background: {{ cell.colour }}">{{ cell.text }}<small>{{ cell.detail }}</small></td>{% endfor %}
{% for figure in row.figures %}<td class="n">{{ figure }}</td>{% endfor %}</tr>
{% endfor %}</tbody></table></body></html>
"""


@dataclass(frozen=True, slots=True)
class _Cell:
    text: str
    detail: str
    colour: str


@dataclass(frozen=True, slots=True)
class _Row:
    """A city, or all of them: the state of each dataset, then the rates and how many datasets are still to come."""

    name: str
    cells: Sequence[_Cell]
    figures: Sequence[str]


def write_overview(
    registry: FormRegistry, deliveries: Sequence[Delivery], year: int, as_of: date, folder: Path
) -> list[Path]:
    """Write the page and the workbook, and return both."""
    texts = read_form_texts()["overview"]
    folder.mkdir(parents=True, exist_ok=True)
    title = texts["title"].format(year=year, as_of=as_of.isoformat())
    names = [contract.zh for contract in registry.contracts.values()]
    headings = [texts["city"], *names, texts["completeness"], texts["timeliness"], texts["owed"]]
    rows = list(_rows(registry, deliveries, as_of))
    stem = texts["file"].format(year=year)
    page, book = folder / f"{stem}.html", folder / f"{stem}.xlsx"
    environment = jinja2.Environment(autoescape=True)
    html = environment.from_string(_PAGE).render(title=title, note=texts["note"], headings=headings, rows=rows)
    page.write_text(html, encoding="utf-8", newline="\n")
    _write_workbook(book, title, headings, rows, registry, deliveries)
    return [page, book]


def _rows(registry: FormRegistry, deliveries: Sequence[Delivery], as_of: date) -> Iterator[_Row]:
    for city in registry.cities.values():
        own = [each for each in deliveries if each.city_code == city.city_code]
        yield _Row(city.name, [_cell(each) for each in own], _figures(own, as_of))
    totals = []
    for dataset in registry.contracts:
        of_dataset = [each for each in deliveries if each.dataset == dataset]
        arrived = sum(each.received_on is not None for each in of_dataset)
        totals.append(_Cell(f"{arrived} / {len(of_dataset)}", _share(rate(of_dataset, as_of).completeness), "#FFFFFF"))
    yield _Row(read_form_texts()["overview"]["all"], totals, _figures(deliveries, as_of))


def _cell(delivery: Delivery) -> _Cell:
    detail = f"{delivery.indicators} / {delivery.expected}"
    if delivery.received_on is not None:
        detail += f"　{delivery.received_on}"
    return _Cell(read_form_texts()["states"][delivery.shown_state], detail, _COLOURS.get(delivery.state, "#FFFFFF"))


def _figures(deliveries: Sequence[Delivery], as_of: date) -> list[str]:
    rates = rate(deliveries, as_of)
    return [_share(rates.completeness), _share(rates.timeliness), str(sum(each.is_open for each in deliveries))]


def _share(share: float | None) -> str:
    return MISSING if share is None else f"{format_decimal(share, 1, exponent=2)}%"


def _write_workbook(
    file: Path,
    title: str,
    headings: Sequence[str],
    rows: Sequence[_Row],
    registry: FormRegistry,
    deliveries: Sequence[Delivery],
) -> None:
    texts = read_form_texts()["overview"]
    with xlsxwriter.Workbook(str(file), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"created": FIXED_CREATION_TIME})
        box = {**FONT, "font_size": 10, "border": 1, "border_color": RULE, "text_wrap": True, "valign": "vcenter"}
        plain, head = book.add_format(box), book.add_format({**box, "bold": True, "bg_color": "#DCE6F1"})
        coloured = {colour: book.add_format({**box, "bg_color": colour}) for colour in {*_COLOURS.values(), "#FFFFFF"}}
        sheet = book.add_worksheet(texts["summary"])
        sheet.write_string(0, 0, title, book.add_format({**FONT, "bold": True, "font_size": 14}))
        sheet.write_string(1, 0, texts["note"], book.add_format({**FONT, "font_size": 9}))
        sheet.set_column(0, 0, 12)
        sheet.set_column(1, len(headings), 17)
        sheet.write_row(3, 0, headings, head)
        for line, row in enumerate(rows, start=4):
            sheet.write_string(line, 0, row.name, head)
            for number, cell in enumerate(row.cells, start=1):
                sheet.write_string(line, number, f"{cell.text}\n{cell.detail}", coloured[cell.colour])
            sheet.write_row(line, len(row.cells) + 1, row.figures, plain)
        sheet.freeze_panes(4, 1)
        details = book.add_worksheet(texts["details"])
        details.write_row(0, 0, texts["headings"], head)
        details.set_column(0, len(texts["headings"]), 15)
        for line, each in enumerate(deliveries, start=1):
            details.write_row(line, 0, _details(registry, each), plain)
        details.autofilter(0, 0, len(deliveries), len(texts["headings"]) - 1)
        details.freeze_panes(1, 2)
        for each_sheet in (sheet, details):
            each_sheet.set_landscape()
            each_sheet.set_paper(9)
            each_sheet.fit_to_pages(1, 0)


def _details(registry: FormRegistry, each: Delivery) -> list[str | int]:
    days = [day.isoformat() if day is not None else MISSING for day in (each.due_date, each.received_on)]
    state = read_form_texts()["states"][each.shown_state]
    city = registry.cities[each.city_code].name
    return [each.name, city, each.year, *days, state, each.indicators, each.expected, each.signed_by]
