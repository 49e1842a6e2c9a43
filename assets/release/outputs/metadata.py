"""The metadata of a release: titles, columns, sources, licence, and the digest of its input files.

Here: the facts that every Parquet file, the data package and the citation contain. `ReleaseMetadata` depends on the
inputs only; time and id are in `ReleaseIdentity`. Not here: the files into which these facts are written.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from assets.release.read.reader import Row
from assets.warehouse.connection import Connection, fetch_rows
from assets.warehouse.tables import Table

LICENCE = "Apache-2.0"
LICENCE_ZH = "Apache-2.0 适用于表格编排；数字出自所列来源，引用时请注明来源"
LICENCE_EN = (
    "Apache-2.0 covers the arrangement of the tables; figures belong to the sources listed, to be quoted with them"
)

_SOURCES, _PROVINCES = "reference.sources", "reference.provinces"
# The only key that pandas reads into `DataFrame.attrs`.
_PANDAS_KEY = "PANDAS_ATTRS"


@dataclass(frozen=True, slots=True)
class ReleaseIdentity:
    """A release by id and time (UTC), and the id of the release before it."""

    release_id: str
    released_at: datetime
    previous_release_id: str | None = None


@dataclass(frozen=True, slots=True)
class ReleaseMetadata:
    """The facts about a release that depend on its inputs only.

    Attributes:
        sources: the sources that rows of the release refer to, as rows of reference.sources by source_id.
        source_ids: the ids of the sources that the rows of a table refer to, by qualified name of the table.
    """

    method_version: str
    inputs_sha256: str
    places_zh: str
    places_en: str
    sources: tuple[Row, ...]
    source_ids: Mapping[str, frozenset[str]]

    def table_sources(self, table: Table) -> tuple[Row, ...]:
        """Return the sources of a table; those of the release where its rows refer to none."""
        source_ids = self.source_ids.get(table.qualified_name)
        return self.sources if source_ids is None else tuple(s for s in self.sources if s["source_id"] in source_ids)


def read_metadata(connection: Connection, tables: Sequence[Table]) -> ReleaseMetadata:
    """Return the metadata of the candidate whose published tables are given."""
    published = {table.qualified_name for table in tables}
    source_ids = {
        table.qualified_name: _read_source_ids(connection, table)
        for table in tables
        if "source_id" in table.columns and table.qualified_name != _SOURCES
    }
    used = frozenset[str]().union(*source_ids.values())
    places_zh, places_en = read_places(connection) if _PROVINCES in published else ("", "")
    ((method_version,),) = connection.execute("select method_version from reference.parameters").fetchall()
    return ReleaseMetadata(
        method_version=str(method_version),
        inputs_sha256=_hash_inputs(connection),
        places_zh=places_zh,
        places_en=places_en,
        sources=_read_sources(connection, used) if _SOURCES in published else (),
        source_ids=source_ids,
    )


def file_metadata(table: Table, metadata: ReleaseMetadata) -> dict[str, str]:
    """Return the key-value metadata of the Parquet file of a table; `columns`, `key` and `sources` are JSON."""
    columns = {name: {"type": column.type, "zh": column.zh, "en": column.en} for name, column in table.columns.items()}
    sources = {s["source_id"]: f"{s['publication_zh']} | {s['publication_en']}" for s in metadata.table_sources(table)}
    plain = {
        "table": table.qualified_name,
        "title_zh": table.zh,
        "title_en": table.en,
        "method_version": metadata.method_version,
        "inputs_sha256": metadata.inputs_sha256,
        "licence": LICENCE,
        "licence_zh": LICENCE_ZH,
        "licence_en": LICENCE_EN,
    }
    nested: dict[str, object] = {"key": list(table.key), "sources": sources, "columns": columns}
    to_json = partial(json.dumps, ensure_ascii=False)
    texts = {name: to_json(content) for name, content in nested.items()}
    return {**plain, **texts, _PANDAS_KEY: to_json({**plain, **nested})}


def _read_source_ids(connection: Connection, table: Table) -> frozenset[str]:
    rows = connection.execute(
        f"select distinct source_id from {table.qualified_name} where source_id is not null"
    ).fetchall()
    return frozenset(source_id for (source_id,) in rows)


def _read_sources(connection: Connection, used: frozenset[str]) -> tuple[Row, ...]:
    rows = fetch_rows(connection, f"from {_SOURCES} order by source_id")
    return tuple(row for row in rows if row["source_id"] in used)


def read_places(connection: Connection) -> tuple[str, str]:
    """Return the names of the provinces whose cities are scored, in Chinese and in English."""
    rows = connection.execute(
        f"""
        select name_zh, name_en from {_PROVINCES}
        where province_code in (select province_code from reference.cities) order by province_code
        """
    ).fetchall()
    return "、".join(zh for zh, _ in rows), ", ".join(en for _, en in rows)


def _hash_inputs(connection: Connection) -> str:
    """Return the sha256 of the sorted list of received files, dataset and sha256 of each."""
    rows = connection.execute("select distinct dataset, file_sha256 from intake.files order by all").fetchall()
    lines = (f"{dataset} {sha256}\n" for dataset, sha256 in rows)
    return hashlib.sha256("".join(lines).encode()).hexdigest()
