"""The documents of a release, in Chinese and in English: the data dictionary and the indicator cards.

Here: Markdown from the contracts and the registry; texts of the data are escaped, so that they are never markup. Not
here: the documentation of the project (docs/).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from assets.core.i18n import Language, label
from assets.core.text import format_number
from assets.release.outputs.duckdb_views import SCHEMA, column_names, view_names
from assets.release.outputs.rows import SOURCE_TABLES, Row, group_rows, read_rows
from assets.release.publish.manifest import PublishedFile
from assets.warehouse.connection import Connection
from assets.warehouse.tables import Column, Table

FOLDER = "docs"

_LANGUAGES: tuple[Language, Language] = ("zh", "en")
# An underscore between letters is no markup.
_MARKUP = re.compile(r"([\\`*\[\]<>|#&~$]|(?<!\w)_|_(?!\w))")


def write_documents(
    connection: Connection, folder: Path, tables: Sequence[Table], files: Sequence[PublishedFile]
) -> tuple[Path, ...]:
    """Write the documents below `folder/docs`; the cards only where all tables they read are published.

    Args:
        connection: the candidate.
        folder: the folder of the release.
        tables: the published tables.
        files: the published files, of which the Parquet files state the number of rows.
    """
    target = folder / FOLDER
    target.mkdir(parents=True, exist_ok=True)
    row_counts = {Path(file.path).stem: file.rows for file in files if file.rows is not None}
    texts = {f"dictionary.{language}.md": _dictionary(tables, row_counts, language) for language in _LANGUAGES}
    if {table.qualified_name for table in tables} >= SOURCE_TABLES:
        facts = _read_facts(connection)
        texts |= {f"indicators.{language}.md": _cards(facts, language) for language in _LANGUAGES}
    for name, lines in texts.items():
        (target / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tuple(target / name for name in texts)


def escape_markdown(text: object) -> str:
    """Return a text of the data as Markdown on one line in which nothing is markup."""
    return _MARKUP.sub(r"\\\1", " ".join(str(text).split()))


def _label(key: str, language: Language) -> str:
    return label("data_dictionary", key, language)


# --- the data dictionary ----------------------------------------------------------------------------------------


def _dictionary(tables: Sequence[Table], row_counts: Mapping[str, int], language: Language) -> Iterator[str]:
    views = view_names(tables)
    yield from (f"# {_label('dictionary', language)}", "", _label("dictionary_about", language).format(schema=SCHEMA))
    for table in sorted(tables, key=lambda table: table.qualified_name):
        facts = {
            "rows": f"{row_counts.get(table.name, 0):,}",
            "key": ", ".join(map(escape_markdown, table.key)),
            "view": escape_markdown(views[table.qualified_name]),
        }
        title, meaning = table.qualified_name, table.zh if language == "zh" else table.en
        yield from ("", f"## {escape_markdown(title)}", "", escape_markdown(meaning), "")
        yield " · ".join(f"{_label(name, language)}: {fact}" for name, fact in facts.items())
        yield ""
        headings = [_label(name, language) for name in ("column", "name", "type", "meaning", "limits")]
        names = column_names(table)
        cells = (
            (name, names[name], column.type, column.zh if language == "zh" else column.en, _limits(column, language))
            for name, column in table.columns.items()
        )
        yield from _table(headings, cells)


def _limits(column: Column, language: Language) -> str:
    limits = [_label("required", language)] if column.required else []
    if column.allowed:
        limits.append(", ".join(map(str, column.allowed)))
    limits += [f"≥ {format_number(column.min)}"] if column.min is not None else []
    limits += [f"≤ {format_number(column.max)}"] if column.max is not None else []
    limits += [f"→ {column.references}"] if column.references else []
    return "; ".join(limits)


def _table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    yield f"| {' | '.join(headings)} |"
    yield f"|{' --- |' * len(headings)}"
    for row in rows:
        yield f"| {' | '.join(map(escape_markdown, row))} |"


# --- the indicator cards ----------------------------------------------------------------------------------------


def _read_facts(connection: Connection) -> dict[str, list[Row]]:
    """Return what the cards show, by kind of fact."""
    return {
        "indicators": read_rows(connection, "indicator_registry", ["dimension_position", "indicator_id"]),
        "measures": read_rows(connection, "measure_links", ["indicator_id", "measure_id"]),
        "targets": read_rows(connection, "target_rows", ["indicator_id", "year nulls last", "target_id"]),
        "sources": read_rows(
            connection, "indicator_sources", ["indicator_id", "publication_zh", "publication_en", "source_grade"]
        ),
    }


def _cards(facts: Mapping[str, Sequence[Row]], language: Language) -> Iterator[str]:
    by_indicator = {name: group_rows(rows, "indicator_id") for name, rows in facts.items()}
    yield from (f"# {_label('cards', language)}", "", _label("cards_about", language))
    dimension = None
    for row in facts["indicators"]:
        if row["dimension_id"] != dimension:
            dimension = row["dimension_id"]
            yield from ("", f"## {escape_markdown(row[f'dimension_{language}'])}")
        own_facts = {name: groups.get(row["indicator_id"], []) for name, groups in by_indicator.items()}
        yield from _card(row, own_facts, language)


def _card(row: Row, facts: Mapping[str, Sequence[Row]], language: Language) -> Iterator[str]:
    yield from ("", f"### {escape_markdown(row[f'name_{language}'])} ({escape_markdown(row['indicator_id'])})", "")
    measures = (f"{m['measure_id']} {m[f'title_{language}']}" for m in facts["measures"])
    sources = (f"{s[f'publication_{language}']} ({s['source_grade']})" for s in facts["sources"])
    lines = {
        "definition": row[f"definition_{language}"],
        "about": row[f"about_{language}"] or "",
        "formula": row["formula"],
        "unit": row["unit"],
        "scope": row["scope"],
        "direction": _label("higher" if row["direction"] > 0 else "lower", language),
        "weight": format_number(row["weight"]),
        "maximum_age": row["maximum_age_years"],
        "measures": "; ".join(measures),
        "responsible": row[f"responsible_{language}"],
        "cross_references": _cross_references(row, language),
        "goalposts": _goalposts(row, language),
        "data": _data(row, language),
        "sources": "; ".join(sources),
    }
    yield from (f"- {_label(name, language)}: {escape_markdown(text)}" for name, text in lines.items() if text != "")
    targets = [f"  - {escape_markdown(_target(target, language))}" for target in facts["targets"]]
    yield f"- {_label('targets', language)}:" + ("" if targets else f" {_label('none', language)}")
    yield from targets


def _cross_references(row: Row, language: Language) -> str:
    examination = row["health_examination_level"]
    references = (
        examination and f"{_label('health_examination', language)} {examination}",
        row["iso_37120"] and f"ISO 37120 {row['iso_37120']}",
        row["sdg"] and f"SDG {row['sdg']}",
    )
    return "; ".join(text for text in references if text)


def _goalposts(row: Row, language: Language) -> str:
    if row["goalposts_class"] is None:
        return _label("none", language)
    ends = f"0 = {_figure(row['lower'])}, 100 = {_figure(row['upper'])}"
    if row["range_low"] is not None:
        ends = f"100 = {_figure(row['range_low'])}–{_figure(row['range_high'])}, 0: ± {_figure(row['tolerance'])}"
    return f"{ends} {row['unit']}; {row[f'justification_{language}']}"


def _target(target: Row, language: Language) -> str:
    value = f"{target['operator']} {_figure(target['value'])}"
    if target["value_high"] is not None:
        value = f"{_figure(target['value'])}–{_figure(target['value_high'])}"
    year = f" ({target['year']})" if target["year"] else ""
    authority = label("target_authorities_general", target["authority"], language)
    return (
        f"{value} {target['unit']}{year}: {target['document_zh']}, {target[f'scope_{language}']}; "
        f"{authority} ({target['source_grade']})"
    )


def _data(row: Row, language: Language) -> str:
    return _label("counted" if row["cities_with_value"] else "awaiting", language).format(
        with_figure=row["cities_with_value"],
        cities=row["cities"],
        scored=row["cities_scored"],
        newest=row["newest_year"],
    )


def _figure(value: float | None) -> str:
    return "—" if value is None else format_number(value)
