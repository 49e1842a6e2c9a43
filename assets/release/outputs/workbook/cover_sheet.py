"""The cover: which release this is, how to read it, and the list of sheets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from assets.core.i18n import labels
from assets.core.text import format_number
from assets.release.outputs.metadata import LICENCE_EN, LICENCE_ZH, ReleaseIdentity, ReleaseMetadata
from assets.release.outputs.rows import Row, fetch_row
from assets.release.outputs.workbook.cell_styles import BAND, GREY, TITLE_FONT, Words, bilingual_text, make_style
from assets.release.outputs.workbook.sheet import SheetContent, WorkbookWriter, row_height
from assets.release.outputs.workbook.sheets import read_method
from assets.release.read.queries import count_rows, read_view
from assets.warehouse.connection import Connection

NAME = "封面 Cover"
# With more cities, a sheet or a column for each is too much to read.
MAX_CITIES = 60

_LABELS_WIDTH, _TEXTS_WIDTH = 26, 92
_BEIJING_OFFSET = timedelta(hours=8)
_TIME = "%Y-%m-%d %H:%M"
_TITLE = make_style(**{**TITLE_FONT, "font_size": 26}, valign="vcenter", num_format="@")
_SUBTITLE = make_style(font_size=14, font_color=GREY, valign="vcenter", num_format="@")
_HEADING = make_style(**TITLE_FONT, font_size=12, bg_color=BAND, valign="vcenter", num_format="@")
_LABEL = make_style(bold=True, valign="top", num_format="@", text_wrap=True)
_TEXT = make_style(valign="top", num_format="@", text_wrap=True)
_LINK = make_style(valign="top", font_color="#1F5FA8", underline=1, num_format="@")

_RELEASE_ENTRIES = ("release", "released", "method", "years", "coverage", "inputs", "digest", "terms")
_READING_ENTRIES = ("ranks", "ranges", "targets", "status", "projection", "sources", "flags")

Entry = tuple[Words, Words]


def write_cover(
    book: WorkbookWriter,
    sheet: Any,
    connection: Connection,
    metadata: ReleaseMetadata,
    release: ReleaseIdentity,
    cities: Sequence[Row],
    placed: Mapping[str, SheetContent],
) -> None:
    """Write the cover onto the first sheet; `placed` are the other sheets by name, which must be written before."""
    facts = _read_facts(connection, cities)
    facts |= {"release_id": release.release_id, "inputs_sha256": metadata.inputs_sha256}
    at = release.released_at
    facts_zh = {**facts, "time": f"{at + _BEIJING_OFFSET:{_TIME}}", "licence": LICENCE_ZH}
    facts_en = {**facts, "time": f"{at:{_TIME}}", "licence": LICENCE_EN}
    sheet.set_column(0, 0, _LABELS_WIDTH)
    sheet.set_column(1, 1, _TEXTS_WIDTH)
    title = (
        f"{metadata.places_zh}城市评分卡",
        f"City scorecards{', ' if metadata.places_en else ''}{metadata.places_en}",
    )
    book.write_across(sheet, 0, 1, title[0], _TITLE)
    book.write_across(sheet, 1, 1, title[1], _SUBTITLE)
    sheet.set_row(0, 42)
    sheet.set_row(1, 24)
    line = 3
    for heading, keys in (
        (("本次发布", "This release"), _RELEASE_ENTRIES),
        (("怎样读", "How to read it"), _READING_ENTRIES),
    ):
        line = _write_section(book, sheet, line, heading, list(_entries(keys, facts_zh, facts_en)))
    line = _write_contents(book, sheet, line, placed, has_cities=facts["cities"] <= MAX_CITIES)
    sheet.print_area(0, 0, line - 1, 1)


def _write_section(book: WorkbookWriter, sheet: Any, line: int, heading: Words, entries: Sequence[Entry]) -> int:
    book.write_across(sheet, line, 1, "  ".join(heading), _HEADING)
    sheet.set_row(line, 20)
    for number, (label, text) in enumerate(entries, start=line + 1):
        sheet.write_string(number, 0, bilingual_text(label), book.format(_LABEL))
        sheet.write_string(number, 1, bilingual_text(text), book.format(_TEXT))
        sheet.set_row(
            number, row_height([(bilingual_text(label), _LABELS_WIDTH), (bilingual_text(text), _TEXTS_WIDTH)])
        )
    return line + len(entries) + 2


def _write_contents(
    book: WorkbookWriter, sheet: Any, line: int, placed: Mapping[str, SheetContent], *, has_cities: bool
) -> int:
    book.write_across(sheet, line, 1, "目录  Contents", _HEADING)
    sheet.set_row(line, 20)
    for number, (name, content) in enumerate(placed.items(), start=line + 1):
        target = name.replace("'", "''")
        sheet.write_url(number, 0, f"internal:'{target}'!A1", book.format(_LINK), name)
        text = f"{'  '.join(content.title)}（{len(content.rows):,} 行 rows）"
        sheet.write_string(number, 1, text, book.format(_TEXT))
    line += len(placed) + 1
    if not has_cities:
        zh, en = labels("workbook_cover")["without_city_sheets"]
        text = bilingual_text((zh.format(max_cities=MAX_CITIES), en.format(max_cities=MAX_CITIES)))
        sheet.write_string(line, 1, text, book.format(_TEXT))
        sheet.set_row(line, row_height([(text, _TEXTS_WIDTH)]))
        line += 1
    return line


def _read_facts(connection: Connection, cities: Sequence[Row]) -> Row:
    """Return the numbers on the cover."""
    datasets, flags = read_view(connection, "dataset_rows"), read_view(connection, "flag_counts")
    years = [year for row in cities for year in (row["oldest_year"], row["newest_year"]) if year is not None]
    targets = fetch_row(
        connection,
        """
        select
            count(*) filter (where target_authority like 'policy%') as duties,
            count(*) filter (where target_authority = 'national') as national,
            count(*) filter (where target_authority = 'standard') as standard,
            count(*) filter (where target_authority = 'expired') as expired,
            count(*) filter (where target_authority = 'none') as without,
            count(*) filter (where source_grade <> 'A') as secondary,
            count(*) filter (where rules_agree = false) as disagreeing
        from scorecards.indicator_scores
        where value is not null
        """,
    )
    parameters = read_method(connection)
    return {
        **parameters,
        **targets,
        "interval_level": f"{parameters['interval_level']:.0%}",
        "cities": len(cities),
        "scored": sum(row["indicators_scored"] for row in cities),
        "countable": sum(row["indicators_total"] for row in cities),
        "stale": sum(row["indicators_stale"] for row in cities),
        "years": "–".join(map(str, sorted({min(years), max(years)}))) if years else "",
        **{name: f"{datasets[name].sum():,}" for name in datasets.columns if name.startswith(("files", "rows_"))},
        "flags": flags["flags"].sum(),
        "quarantined": flags.loc[flags["severity"] == "blocking", "flags"].sum(),
        "maximum_open": format_number(parameters["maximum_open"]),
        "is_ranked": not read_view(connection, "ranking_rows", ranking_status="ranked").empty,
        "errors_pending": count_rows(connection, "intake.rejects", is_resolved=False),
    }


def _entries(keys: Sequence[str], facts_zh: Row, facts_en: Row) -> Iterator[Entry]:
    """Yield title and text of each entry; the texts are templates that are filled with the facts."""
    for key in keys:
        if key != "years" or facts_zh["years"]:
            text = labels("workbook_cover")["no_ranks" if key == "ranks" and not facts_zh["is_ranked"] else key]
            yield labels("workbook_cover_titles")[key], (text.zh.format(**facts_zh), text.en.format(**facts_en))
