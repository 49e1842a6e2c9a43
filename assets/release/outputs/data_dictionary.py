"""The documents of a release, in Chinese and in English: the data dictionary and the indicator cards.

Here: what the Markdown templates get from the contracts and the registry; texts of the data are escaped, so that they
are never markup. Not here: the documentation of the project (docs/).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any, get_args

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from assets.core.i18n import Language, label
from assets.core.text import format_number
from assets.release.outputs.duckdb_views import ENGLISH_SCHEMA, SCHEMA, column_names, english_column_names, view_names
from assets.release.outputs.rows import SOURCE_TABLES, Row, group_rows, read_rows
from assets.release.publish.manifest import PublishedFile
from assets.warehouse.connection import Connection
from assets.warehouse.tables import Table

FOLDER = "docs"

# An underscore between letters is no markup.
_MARKUP = re.compile(r"([\\`*\[\]<>|#&~$]|(?<!\w)_|_(?!\w))")


def write_documents(
    connection: Connection, folder: Path, tables: Sequence[Table], files: Sequence[PublishedFile]
) -> tuple[Path, ...]:
    """Write the documents of the candidate below `folder/docs`, the cards only where their tables are published.

    The Parquet files among the published `files` state the number of rows.
    """
    target = folder / FOLDER
    target.mkdir(parents=True, exist_ok=True)
    documents: dict[str, dict[str, Any]] = {
        "dictionary": {
            "tables": sorted(tables, key=lambda table: table.qualified_name),
            "row_counts": {Path(file.path).stem: file.rows for file in files if file.rows is not None},
        }
    }
    terms: dict[tuple[str, str], str] = {}
    if {table.qualified_name for table in tables} >= SOURCE_TABLES:
        terms = {(row["kind"], row["term"]): row["name_en"] for row in read_rows(connection, "reference.terms")}
        documents["indicators"] = _read_facts(connection)
    named: dict[Language, dict[str, Any]] = {
        "zh": {
            "schema": SCHEMA,
            "views": view_names(tables),
            "column_names": column_names,
            "term": lambda _, text: text,
        },
        "en": {
            "schema": ENGLISH_SCHEMA,
            "views": {table.qualified_name: table.name for table in tables},
            "column_names": english_column_names,
            "term": lambda kind, text: terms.get((kind, text), text),
        },
    }
    paths = []
    for name, facts in documents.items():
        for language in get_args(Language):
            texts = {
                "language": language,
                "label": partial(_label, language=language),
                "authority": partial(label, "target_authorities_general", language=language),
                **named[language],
            }
            paths.append(target / f"{name}.{language}.md")
            text = _environment().get_template(f"{name}.md.j2").render(**texts, **facts)
            paths[-1].write_text(text, encoding="utf-8", newline="\n")
    return tuple(paths)


def escape_markdown(text: object) -> str:
    """Return a text of the data as Markdown on one line in which nothing is markup."""
    return _MARKUP.sub(r"\\\1", " ".join(str(text).split()))


@cache
def _environment() -> Environment:
    """Return the environment of the templates: every value but a label is escaped."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=False,  # noqa: S701 - Markdown; `finalize` escapes it
        finalize=lambda value: value if isinstance(value, Markup) else escape_markdown(value),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals["number"] = lambda value: "—" if value is None else format_number(value)
    return environment


def _label(key: str, language: Language, **values: object) -> Markup:
    return Markup(label("data_dictionary", key, language).format(**values))  # noqa: S704 - no text of the data


def _read_facts(connection: Connection) -> dict[str, Any]:
    """Return the indicators, and by indicator what else their cards show."""

    def by_indicator(name: str, *order: str) -> dict[str, list[Row]]:
        return defaultdict(list, group_rows(read_rows(connection, name, ["indicator_id", *order]), "indicator_id"))

    return {
        "indicators": read_rows(connection, "indicator_registry", ["dimension_position", "indicator_id"]),
        "measures": by_indicator("measure_links", "measure_id"),
        "targets": by_indicator("target_rows", "year nulls last", "target_id"),
        "sources": by_indicator("indicator_sources", "publication_zh", "publication_en", "source_grade"),
    }
