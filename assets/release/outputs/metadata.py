"""What a release says of itself: titles, columns, sources, licence, and the digest of the files it was made from.

Here: the facts that travel with every Parquet file, the data package and the citation. All of it is content: the same
inputs say the same, wherever and whenever. Not here: the files that these facts are written into.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assets.warehouse.connection import Connection, quote_identifier
from assets.warehouse.tables import Table

LICENCE = "Apache-2.0"
LICENCE_ZH = "Apache-2.0 适用于表格编排；数字出自所列来源，引用时请注明来源"
LICENCE_EN = (
    "Apache-2.0 covers the arrangement of the tables; figures belong to the sources listed, to be quoted with them"
)

_SOURCES, _PROVINCES = "reference.sources", "reference.provinces"
# pandas reads this key, and no other, into `DataFrame.attrs`.
_PANDAS = "PANDAS_ATTRS"


@dataclass(frozen=True, slots=True)
class SourceMetadata:
    """A publication that figures or targets of the release come from."""

    source_id: str
    publication_zh: str
    publication_en: str
    publisher_zh: str
    publisher_en: str


@dataclass(frozen=True, slots=True)
class ReleaseMetadata:
    """`sources` are those that rows of the release name; `sources_of` narrows them to one table."""

    method_version: str
    inputs_sha256: str
    places_zh: str
    places_en: str
    sources: tuple[SourceMetadata, ...]
    sources_of: Mapping[str, frozenset[str]]

    def sources_named(self, table: Table) -> tuple[SourceMetadata, ...]:
        """The sources that the rows of a table name; of a table whose rows name none, those of the release."""
        named = self.sources_of.get(table.qualified_name)
        return self.sources if named is None else tuple(s for s in self.sources if s.source_id in named)


def read_metadata(connection: Connection, tables: Sequence[Table]) -> ReleaseMetadata:
    """The facts of the candidate whose tables are published."""
    published = {table.qualified_name for table in tables}
    named = {table.qualified_name: _named_sources(connection, table) for table in tables if _names_sources(table)}
    used = frozenset[str]().union(*named.values())
    places_zh, places_en = _places(connection) if _PROVINCES in published else ("", "")
    return ReleaseMetadata(
        method_version=_method_version(connection),
        inputs_sha256=_inputs_digest(connection),
        places_zh=places_zh,
        places_en=places_en,
        sources=_sources(connection, used) if _SOURCES in published else (),
        sources_of=named,
    )


def file_metadata(table: Table, about: ReleaseMetadata) -> dict[str, str]:
    """What the Parquet file of a table carries beside its rows; `columns`, `key` and `sources` are JSON."""
    columns = {name: {"type": column.type, "zh": column.zh, "en": column.en} for name, column in table.columns.items()}
    sources = {
        source.source_id: f"{source.publication_zh} | {source.publication_en}" for source in about.sources_named(table)
    }
    plain = {
        "table": table.qualified_name,
        "title_zh": table.zh,
        "title_en": table.en,
        "method_version": about.method_version,
        "inputs_sha256": about.inputs_sha256,
        "licence": LICENCE,
        "licence_zh": LICENCE_ZH,
        "licence_en": LICENCE_EN,
    }
    nested: dict[str, object] = {"key": list(table.key), "sources": sources, "columns": columns}
    return {
        **plain,
        **{name: _json(content) for name, content in nested.items()},
        _PANDAS: _json({**plain, **nested}),
    }


def _json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False)


def _names_sources(table: Table) -> bool:
    return "source_id" in table.columns and table.qualified_name != _SOURCES


def _named_sources(connection: Connection, table: Table) -> frozenset[str]:
    found = connection.execute(
        f"select distinct source_id from {table.qualified_name} where source_id is not null"
    ).fetchall()
    return frozenset(source_id for (source_id,) in found)


def _sources(connection: Connection, used: frozenset[str]) -> tuple[SourceMetadata, ...]:
    columns = ", ".join(map(quote_identifier, SourceMetadata.__dataclass_fields__))
    rows = connection.execute(f"select {columns} from {_SOURCES} order by source_id").fetchall()
    return tuple(source for source in (SourceMetadata(*row) for row in rows) if source.source_id in used)


def _places(connection: Connection) -> tuple[str, str]:
    """The areas whose cities are scored, by name."""
    rows = connection.execute(
        f"""
        select name_zh, name_en from {_PROVINCES}
        where province_code in (select province_code from reference.cities) order by province_code
        """
    ).fetchall()
    return "、".join(zh for zh, _ in rows), ", ".join(en for _, en in rows)


def _method_version(connection: Connection) -> str:
    row = connection.execute("select method_version from reference.method").fetchone()
    assert row is not None
    return str(row[0])


def _inputs_digest(connection: Connection) -> str:
    """The sha256 of the list of files that arrived: dataset and sha256 of each, in their order."""
    rows = connection.execute("select distinct dataset, file_sha256 from intake.files order by all").fetchall()
    lines = (f"{dataset} {sha256}\n" for dataset, sha256 in rows)
    return hashlib.sha256("".join(lines).encode()).hexdigest()
