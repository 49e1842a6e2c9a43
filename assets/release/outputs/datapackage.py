"""The release as open data: `datapackage.json` (Frictionless Data Package) and `CITATION.cff`.

Here: the tables as resources with schema, keys, licence and sources, and how the release is cited. Both are derived
from the contracts and from what the release says of itself (assets.release.outputs.metadata). Not here: files for
people to read (assets.release.outputs.data_dictionary).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from assets.release.outputs.metadata import LICENCE, LICENCE_EN, LICENCE_ZH, ReleaseMetadata, SourceMetadata
from assets.release.publish.manifest import PublishedFile
from assets.warehouse.tables import Column, Table

PACKAGE = "datapackage.json"
CITATION = "CITATION.cff"

_LICENCE_PAGE = "https://www.apache.org/licenses/LICENSE-2.0"
_AUTHORS = "The Gancheng authors"
_MESSAGE = "引用时请注明发布编号和数字的来源。 Please cite the release, and the source of each figure."
_TYPES = {
    "varchar": "string",
    "integer": "integer",
    "bigint": "integer",
    "double": "number",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "datetime",
}

Json = dict[str, Any]


def write_package(
    folder: Path,
    tables: Sequence[Table],
    files: Sequence[PublishedFile],
    about: ReleaseMetadata,
    made: tuple[str, datetime],
) -> tuple[Path, ...]:
    """Write both; `files` are the Parquet files, `made` the id and the time of the release."""
    release_id, released_at = made
    by_path = {file.path: file for file in files}
    published = {table.qualified_name: table for table in tables}
    package: Json = {
        "profile": "data-package",
        "name": "gancheng",
        "id": release_id,
        "version": release_id,
        "created": f"{released_at:%Y-%m-%dT%H:%M:%SZ}",
        "title": _title(about),
        "description": f"{LICENCE_ZH}。 {LICENCE_EN}.",
        "licenses": [{"name": LICENCE, "title": LICENCE_EN, "path": _LICENCE_PAGE}],
        "resources": [_resource(table, by_path[f"parquet/{table.name}.parquet"], about, published) for table in tables],
    }
    if about.sources:
        package["sources"] = _sources(about.sources)
    targets = folder / PACKAGE, folder / CITATION
    targets[0].write_text(json.dumps(package, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    cited = yaml.safe_dump(_citation(about, release_id, released_at), allow_unicode=True, sort_keys=False, width=1000)
    targets[1].write_text(cited, encoding="utf-8")
    return targets


def _resource(table: Table, file: PublishedFile, about: ReleaseMetadata, published: Mapping[str, Table]) -> Json:
    resource: Json = {
        "name": table.name,
        "title": table.zh,
        "description": table.en,
        "path": file.path,
        "format": "parquet",
        "mediatype": "application/vnd.apache.parquet",
        "hash": f"sha256:{file.sha256}",
        "schema": _schema(table, published),
    }
    # A resource without sources of its own has those of the package.
    sources = about.sources_named(table) if table.qualified_name in about.sources_of else ()
    return resource | ({"sources": _sources(sources)} if sources else {})


def _schema(table: Table, published: Mapping[str, Table]) -> Json:
    """Fields and keys. A key of which a part may be empty is none to Frictionless."""
    schema: Json = {"fields": [_field(name, column) for name, column in table.columns.items()]}
    if all(table.columns[name].required for name in table.key):
        schema["primaryKey"] = list(table.key)
    foreign = [
        {"fields": [name], "reference": {"resource": column.references.split(".")[0], "fields": [_end(column)]}}
        for name, column in table.columns.items()
        if column.references and f"{table.schema_name}.{column.references.split('.')[0]}" in published
    ]
    return schema | ({"foreignKeys": foreign} if foreign else {})


def _end(column: Column) -> str:
    assert column.references is not None
    return column.references.split(".")[1]


def _field(name: str, column: Column) -> Json:
    number = float if column.type == "double" else int
    ends = {"minimum": column.min, "maximum": column.max}
    limits = {
        "required": column.required or None,
        **{end: None if limit is None else number(limit) for end, limit in ends.items()},
    }
    constraints: Json = {key: limit for key, limit in limits.items() if limit is not None}
    if column.allowed:
        constraints["enum"] = list(column.allowed)
    field: Json = {"name": name, "type": _TYPES[column.type], "title": column.zh, "description": column.en}
    return field | ({"constraints": constraints} if constraints else {})


def _sources(sources: Sequence[SourceMetadata]) -> list[Json]:
    return [
        {"name": source.source_id, "title": f"{source.publication_zh} {source.publication_en}"} for source in sources
    ]


def _title(about: ReleaseMetadata) -> str:
    return f"{about.places_zh}评分卡 Scorecards, {about.places_en}" if about.places_en else "评分卡 Scorecards"


def _citation(about: ReleaseMetadata, release_id: str, released_at: datetime) -> Json:
    citation: Json = {
        "cff-version": "1.2.0",
        "message": _MESSAGE,
        "type": "dataset",
        "title": _title(about),
        "authors": [{"name": _AUTHORS}],
        "version": release_id,
        "date-released": released_at.date(),
        "license": LICENCE,
        "abstract": f"{LICENCE_ZH}。 {LICENCE_EN}.",
    }
    references = [
        {
            "type": "data",
            "title": f"{source.publication_zh} {source.publication_en}",
            "authors": [{"name": f"{source.publisher_zh} {source.publisher_en}"}],
        }
        for source in about.sources
    ]
    return citation | ({"references": references} if references else {})
