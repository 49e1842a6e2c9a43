"""The release as open data: `datapackage.json` (Frictionless Data Package) and `CITATION.cff`.

Here: the tables as resources with schema, keys, licence and sources, and how the release is cited; both follow from
the contracts and assets.release.outputs.metadata. Not here: files for people (assets.release.outputs.data_dictionary).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from assets.release.outputs.metadata import LICENCE, LICENCE_EN, LICENCE_ZH, ReleaseIdentity, ReleaseMetadata
from assets.release.publish.manifest import PublishedFile
from assets.release.read.reader import Row
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
    metadata: ReleaseMetadata,
    release: ReleaseIdentity,
) -> tuple[Path, ...]:
    """Write `datapackage.json` and `CITATION.cff` into the folder of the release; `files` has its Parquet files."""
    by_path = {file.path: file for file in files}
    published = {table.qualified_name for table in tables}
    package: Json = {
        "profile": "data-package",
        "name": "gancheng",
        "id": release.release_id,
        "version": release.release_id,
        "created": f"{release.released_at:%Y-%m-%dT%H:%M:%SZ}",
        "title": _title(metadata),
        "description": f"{LICENCE_ZH}。 {LICENCE_EN}.",
        "licenses": [{"name": LICENCE, "title": LICENCE_EN, "path": _LICENCE_PAGE}],
        "resources": [
            _resource(table, by_path[f"parquet/{table.name}.parquet"], metadata, published) for table in tables
        ],
    }
    if metadata.sources:
        package["sources"] = _sources(metadata.sources)
    (folder / PACKAGE).write_text(
        json.dumps(package, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n"
    )
    citation = yaml.safe_dump(_citation(metadata, release), allow_unicode=True, sort_keys=False, width=1000)
    (folder / CITATION).write_text(citation, encoding="utf-8", newline="\n")
    return folder / PACKAGE, folder / CITATION


def _resource(table: Table, file: PublishedFile, metadata: ReleaseMetadata, published: set[str]) -> Json:
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
    sources = metadata.table_sources(table) if table.qualified_name in metadata.source_ids else ()
    return resource | ({"sources": _sources(sources)} if sources else {})


def _schema(table: Table, published: set[str]) -> Json:
    """Return fields and keys. Frictionless allows no primary key of which a part may be empty."""
    schema: Json = {"fields": [_field(name, column) for name, column in table.columns.items()]}
    if all(table.columns[name].required for name in table.key):
        schema["primaryKey"] = list(table.key)
    references = {name: column.references.split(".") for name, column in table.columns.items() if column.references}
    foreign_keys = [
        {"fields": [name], "reference": {"resource": resource, "fields": [field]}}
        for name, (resource, field) in references.items()
        if f"{table.schema_name}.{resource}" in published
    ]
    return schema | ({"foreignKeys": foreign_keys} if foreign_keys else {})


def _field(name: str, column: Column) -> Json:
    number = float if column.type == "double" else int
    constraints: Json = {"required": True} if column.required else {}
    limits: Mapping[str, float | None] = {"minimum": column.min, "maximum": column.max}
    constraints |= {key: number(limit) for key, limit in limits.items() if limit is not None}
    if column.allowed:
        constraints["enum"] = list(column.allowed)
    field: Json = {"name": name, "type": _TYPES[column.type], "title": column.zh, "description": column.en}
    return field | ({"constraints": constraints} if constraints else {})


def _sources(sources: Sequence[Row]) -> list[Json]:
    return [{"name": source["source_id"], "title": _bilingual(source, "publication")} for source in sources]


def _bilingual(source: Row, name: str) -> str:
    return f"{source[f'{name}_zh']} {source[f'{name}_en']}"


def _title(metadata: ReleaseMetadata) -> str:
    places_zh, places_en = metadata.places_zh, metadata.places_en
    return f"{places_zh}评分卡 Scorecards, {places_en}" if places_en else "评分卡 Scorecards"


def _citation(metadata: ReleaseMetadata, release: ReleaseIdentity) -> Json:
    citation: Json = {
        "cff-version": "1.2.0",
        "message": _MESSAGE,
        "type": "dataset",
        "title": _title(metadata),
        "authors": [{"name": _AUTHORS}],
        "version": release.release_id,
        "date-released": release.released_at.date(),
        "license": LICENCE,
        "abstract": f"{LICENCE_ZH}。 {LICENCE_EN}.",
    }
    references = [
        {
            "type": "data",
            "title": _bilingual(source, "publication"),
            "authors": [{"name": _bilingual(source, "publisher")}],
        }
        for source in metadata.sources
    ]
    return citation | ({"references": references} if references else {})
