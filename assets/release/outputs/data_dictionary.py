"""The documents of a release, in Chinese and in English: the data dictionary and a card for every indicator.

Here: Markdown made of the contracts and the registry. What stands in a cell is data, never markup. Not here: the
documents of the project (docs/).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from assets.core.errors import Language
from assets.core.text import format_number
from assets.release.outputs.duckdb_views import SCHEMA, column_names, view_names
from assets.release.publish.manifest import PublishedFile
from assets.warehouse.connection import Connection
from assets.warehouse.tables import Column, Table

FOLDER = "docs"

_LANGUAGES: tuple[Language, Language] = ("zh", "en")
_READ_BY_CARDS = {
    "reference.indicators",
    "reference.dimensions",
    "reference.indicator_measures",
    "reference.measures",
    "reference.goalposts",
    "reference.targets",
    "reference.sources",
    "scorecards.indicator_scores",
}
# A line below stands between words, where it is no markup.
_MARKUP = re.compile(r"([\\`*\[\]<>|#&~$]|(?<!\w)_|_(?!\w))")

Row = dict[str, Any]

_WORDS: dict[str, tuple[str, str]] = {
    "dictionary": ("数据字典", "Data dictionary"),
    "dictionary_about": (
        "每张表、每一列的含义。每张表是 `parquet/<表名>.parquet`，也在 `gancheng.duckdb` 中；"
        f"模式 `{SCHEMA}` 下有各表的中文视图。",
        "What every table and column means. A table is `parquet/<name>.parquet` and a table of `gancheng.duckdb`; its "
        f"view with Chinese names stands in the schema `{SCHEMA}`.",
    ),
    "rows": ("行数", "Rows"),
    "key": ("关键列", "Key"),
    "view": ("视图", "View"),
    "column": ("列", "Column"),
    "name": ("中文列名", "Name in the view"),
    "type": ("类型", "Type"),
    "meaning": ("含义", "Meaning"),
    "limits": ("限制", "Limits"),
    "required": ("必填", "required"),
    "cards": ("指标卡", "Indicator cards"),
    "cards_about": (
        "每个登记指标一张卡片。每个目标都写明性质：全国目标和标准只是参照，不是任务。没有数字的指标写明“待报数据”。",
        "One card for every indicator of the registry. Each target says what it is: national goals and standards are "
        "references, no duties. An indicator without a figure says so.",
    ),
    "definition": ("定义", "Definition"),
    "formula": ("公式", "Formula"),
    "unit": ("单位", "Unit"),
    "scope": ("口径", "Area"),
    "direction": ("方向", "Direction"),
    "weight": ("权重", "Weight"),
    "maximum_age": ("数据时效（年）", "Scores for (years)"),
    "measures": ("措施", "Measures"),
    "cross_references": ("对照条目", "Cross-references"),
    "health_examination": ("城市体检", "urban health examination"),
    "goalposts": ("标尺", "Goalposts"),
    "none": ("无", "none"),
    "targets": ("目标与参照值", "Targets and references"),
    "data": ("数据", "Data"),
    "awaiting": ("待报数据：没有任何城市的数字", "awaiting data: no city has a figure"),
    "counted": (
        "{with_figure}/{cities} 个城市有数字，其中 {scored} 个有得分；最新 {newest} 年",
        "{with_figure} of {cities} cities have a figure, {scored} of them score; the newest is of {newest}",
    ),
    "sources": ("来源", "Sources"),
    "higher": ("越高越好", "higher is better"),
    "lower": ("越低越好", "lower is better"),
}  # fmt: skip
_STANDINGS: dict[str, tuple[str, str]] = {
    "policy_city": ("本市目标", "target of the city"),
    "policy_province": ("省定目标", "target of the province"),
    "national": ("全国目标，参照，不是城市的任务", "national, a reference, not a duty of the city"),
    "standard": ("标准，参照", "standard, a reference"),
}


def write_documents(
    connection: Connection, folder: Path, tables: Sequence[Table], files: Sequence[PublishedFile]
) -> tuple[Path, ...]:
    """Write them below `folder/docs`; the cards where the registry is published."""
    target = folder / FOLDER
    target.mkdir(parents=True, exist_ok=True)
    rows = {Path(file.path).stem: file.rows for file in files if file.rows is not None}
    texts = {f"dictionary.{language}.md": _dictionary(tables, rows, language) for language in _LANGUAGES}
    if {table.qualified_name for table in tables} >= _READ_BY_CARDS:
        facts = _facts(connection)
        texts |= {f"indicators.{language}.md": _cards(facts, language) for language in _LANGUAGES}
    for name, lines in texts.items():
        (target / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tuple(target / name for name in texts)


def escape_markdown(text: object) -> str:
    """A text of the data in Markdown: on one line, and nothing in it is markup."""
    return _MARKUP.sub(r"\\\1", " ".join(str(text).split()))


def _word(name: str, language: Language) -> str:
    return _WORDS[name][0 if language == "zh" else 1]


# --- the data dictionary ----------------------------------------------------------------------------------------


def _dictionary(tables: Sequence[Table], rows: Mapping[str, int | None], language: Language) -> Iterator[str]:
    views = view_names(tables)
    yield from (f"# {_word('dictionary', language)}", "", _word("dictionary_about", language))
    for table in sorted(tables, key=lambda one: one.qualified_name):
        key = ", ".join(map(escape_markdown, table.key))
        facts = {
            "rows": f"{rows.get(table.name) or 0:,}",
            "key": key,
            "view": escape_markdown(views[table.qualified_name]),
        }
        yield from (
            "",
            f"## {escape_markdown(table.qualified_name)}",
            "",
            escape_markdown(table.zh if language == "zh" else table.en),
            "",
        )
        yield " · ".join(f"{_word(name, language)}: {fact}" for name, fact in facts.items())
        yield ""
        headings = [_word(name, language) for name in ("column", "name", "type", "meaning", "limits")]
        names = column_names(table)
        cells = (
            (name, names[name], column.type, column.zh if language == "zh" else column.en, _limits(column, language))
            for name, column in table.columns.items()
        )
        yield from _table(headings, cells)


def _limits(column: Column, language: Language) -> str:
    told = [_word("required", language)] if column.required else []
    if column.allowed:
        told.append(", ".join(map(str, column.allowed)))
    told += [f"≥ {format_number(column.min)}"] if column.min is not None else []
    told += [f"≤ {format_number(column.max)}"] if column.max is not None else []
    told += [f"→ {column.references}"] if column.references else []
    return "; ".join(told)


def _table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    yield f"| {' | '.join(headings)} |"
    yield f"|{' --- |' * len(headings)}"
    for row in rows:
        yield f"| {' | '.join(map(escape_markdown, row))} |"


# --- the indicator cards ----------------------------------------------------------------------------------------


def _facts(connection: Connection) -> dict[str, list[Row]]:
    """What the cards tell, from the candidate."""
    return {
        name: _rows(connection, sql)
        for name, sql in {
            "indicators": """
                select indicators.*, dimensions.name_zh as dimension_zh, dimensions.name_en as dimension_en,
                    goalposts.* exclude (indicator_id)
                from reference.indicators as indicators
                inner join reference.dimensions as dimensions on indicators.dimension_id = dimensions.dimension_id
                left join reference.goalposts as goalposts on indicators.indicator_id = goalposts.indicator_id
                order by dimensions.position, indicators.indicator_id
            """,
            "measures": """
                select indicator_id, measures.measure_id, title_zh, title_en
                from reference.indicator_measures inner join reference.measures using (measure_id)
                order by all
            """,
            "targets": """
                select * from reference.targets order by indicator_id, year nulls last, target_id
            """,
            "data": """
                select indicator_id, count(*) as cities, count(value) as with_figure, count(attainment) as scored,
                    max(year) as newest
                from scorecards.indicator_scores group by indicator_id
            """,
            "sources": """
                select distinct indicator_id, publication_zh, publication_en, source_grade
                from scorecards.indicator_scores inner join reference.sources using (source_id)
                order by all
            """,
        }.items()
    }


def _cards(facts: Mapping[str, Sequence[Row]], language: Language) -> Iterator[str]:
    of: dict[str, dict[str, list[Row]]] = {name: defaultdict(list) for name in facts}
    for name, rows in facts.items():
        for row in rows:
            of[name][row["indicator_id"]].append(row)
    yield from (f"# {_word('cards', language)}", "", _word("cards_about", language))
    dimension = None
    for row in facts["indicators"]:
        if row["dimension_id"] != dimension:
            dimension = row["dimension_id"]
            yield from ("", f"## {escape_markdown(row[f'dimension_{language}'])}")
        indicator_id = row["indicator_id"]
        yield from _card(row, {name: of[name][indicator_id] for name in facts}, language)


def _card(row: Row, facts: Mapping[str, Sequence[Row]], language: Language) -> Iterator[str]:
    yield from ("", f"### {escape_markdown(row[f'name_{language}'])} ({escape_markdown(row['indicator_id'])})", "")
    measures = (f"{m['measure_id']} {m[f'title_{language}']}" for m in facts["measures"])
    sources = (f"{s[f'publication_{language}']} ({s['source_grade']})" for s in facts["sources"])
    told = {
        "definition": row[f"definition_{language}"],
        "formula": row["formula"],
        "unit": row["unit"],
        "scope": row["scope"],
        "direction": _word("higher" if row["direction"] > 0 else "lower", language),
        "weight": format_number(row["weight"]),
        "maximum_age": row["maximum_age_years"],
        "measures": "; ".join(measures),
        "cross_references": _cross_references(row, language),
        "goalposts": _goalposts(row, language),
        "data": _data(facts["data"], language),
        "sources": "; ".join(sources),
    }
    yield from (f"- {_word(name, language)}: {escape_markdown(text)}" for name, text in told.items() if text != "")
    targets = [f"  - {escape_markdown(_target(target, language))}" for target in facts["targets"]]
    yield f"- {_word('targets', language)}:" + ("" if targets else f" {_word('none', language)}")
    yield from targets


def _cross_references(row: Row, language: Language) -> str:
    examination = row["health_examination_level"]
    told = (
        examination and f"{_word('health_examination', language)} {examination}",
        row["iso_37120"] and f"ISO 37120 {row['iso_37120']}",
        row["sdg"] and f"SDG {row['sdg']}",
    )
    return "; ".join(text for text in told if text)


def _goalposts(row: Row, language: Language) -> str:
    if row["class"] is None:
        return _word("none", language)
    ends = f"0 = {_figure(row['floor'])}, 100 = {_figure(row['upper'])}"
    if row["range_low"] is not None:
        ends = f"100 = {_figure(row['range_low'])}–{_figure(row['range_high'])}, 0: ± {_figure(row['width'])}"
    return f"{ends} {row['unit']}; {row[f'justification_{language}']}"


def _target(target: Row, language: Language) -> str:
    value = f"{target['operator']} {_figure(target['value'])}"
    if target["value_high"] is not None:
        value = f"{_figure(target['value'])}–{_figure(target['value_high'])}"
    year = f" ({target['year']})" if target["year"] else ""
    standing = _STANDINGS[target["status"]][0 if language == "zh" else 1]
    return (
        f"{value} {target['unit']}{year}: {target['document_zh']}, {target[f'scope_{language}']}; "
        f"{standing} ({target['source_grade']})"
    )


def _data(rows: Sequence[Row], language: Language) -> str:
    if not rows or not rows[0]["with_figure"]:
        return _word("awaiting", language)
    return _word("counted", language).format(**rows[0])


def _figure(value: float | None) -> str:
    return "—" if value is None else format_number(value)


def _rows(connection: Connection, sql: str) -> list[Row]:
    cursor = connection.execute(sql)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
