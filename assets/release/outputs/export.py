"""Exporting tables of a release as Parquet, CSV, Excel or JSON, complete or for some cities.

Here: which tables and rows are exported, and how each format is written. Texts stay texts: none becomes a formula. Not
here: the release itself (assets.release.publish).
"""

from __future__ import annotations

import csv
import difflib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Literal

import pyarrow.parquet as pq
import xlsxwriter

from assets.core.errors import Issue, UsageError
from assets.core.files import write_atomically
from assets.core.i18n import Language
from assets.core.paths import Paths
from assets.core.text import escape_formula
from assets.release.outputs import excel_limits
from assets.release.outputs.datapackage import PACKAGE
from assets.release.outputs.duckdb_views import ENGLISH_SCHEMA, SCHEMA, shorten_meanings
from assets.release.publish.manifest import MANIFEST_NAME
from assets.release.read.lookup import find_city
from assets.release.read.reader import Release
from assets.warehouse.connection import Connection, connect_in_memory, quote_identifier, quote_literal

Format = Literal["parquet", "csv", "xlsx", "json"]

# Formats for people, who may want Chinese headings; programs need the names of the columns.
_FORMATS_FOR_PEOPLE = ("csv", "xlsx")
_CITY = "city_code"
_ROWS_PER_BLOCK = 10_000
_CUT_NOTE = "…（全文见 CSV 或 Parquet, in full in CSV and Parquet）"
# Excel rounds numbers from here on: they are written as text.
_MAX_EXACT_NUMBER = 10**15


def export_tables(
    release: Release,
    folder: Path,
    kind: Format = "parquet",
    tables: Sequence[str] = (),
    cities: Sequence[str] = (),
    language: Language | None = None,
) -> list[Path]:
    """Write tables of a release into a folder, one file each, and return the files.

    Args:
        release: the release.
        folder: the target; it is created.
        kind: the format. All tables as Parquet come with the manifest of the release, CSV with a data package.
        tables: names of tables; all where empty.
        cities: cities by name or code; then only their rows, and only tables with a column of cities.
        language: zh gives CSV and Excel the headings of the Chinese views, and no data package.

    Raises:
        UsageError: the release is not complete, the folder is one of releases, or a table or a city does not exist.
    """
    _check_target(release, folder)
    codes, names = _select_cities(release, cities), _select_tables(release, tables, has_cities=bool(cities))
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.{kind}" for name in names]
    with connect_in_memory() as connection:
        for path in paths:
            source = _parquet_file(release, path.stem)
            with _temporary_path(path) as file:
                if kind == "parquet" and not codes:
                    shutil.copyfile(source, file)
                else:
                    headings = _chinese_headings(source) if language == "zh" and kind in _FORMATS_FOR_PEOPLE else {}
                    _WRITERS[kind](connection, _select(source, codes, headings), source, file)
    if kind == "parquet" and not tables and not codes:
        paths.append(folder / MANIFEST_NAME)
        write_atomically(paths[-1], (release.folder / MANIFEST_NAME).read_text(encoding="utf-8"))
    if kind == "csv" and language != "zh" and (release.folder / PACKAGE).is_file():
        paths.append(folder / PACKAGE)
        write_atomically(paths[-1], _csv_package(release, names))
    return paths


def export_partitioned(
    release: Release, folder: Path, column: str, tables: Sequence[str] = (), cities: Sequence[str] = ()
) -> list[Path]:
    """Write tables as Parquet partitioned by a column, `<table>/<column>=<value>/`, as DuckDB, pyarrow and Spark read.

    The names of the folders contain the column, the files do not. The folder of an earlier export is replaced. Without
    `tables`, all that have the column are written.

    Raises:
        UsageError: the release is not complete, the folder is one of releases, a table or a city does not exist, or a
            table does not have the column.
    """
    _check_target(release, folder)
    codes, names = _select_cities(release, cities), _select_tables(release, tables, has_cities=bool(cities))
    with_column = [name for name in names if name in _tables_with_column(release, column)]
    without_column = [name for name in names if name not in with_column] if tables else []
    if without_column or not with_column:
        raise UsageError(Issue("table_without_column", (without_column or ["*"])[0], column))
    folder.mkdir(parents=True, exist_ok=True)
    options = f"format parquet, compression zstd, partition_by ({quote_identifier(column)})"
    with connect_in_memory() as connection:
        for name in with_column:
            with _temporary_path(folder / name) as parts:
                select = _select(_parquet_file(release, name), codes)
                connection.execute(f"copy ({select}) to {quote_literal(parts)} ({options})")
                shutil.rmtree(folder / name, ignore_errors=True)
    return [folder / name for name in with_column]


def _check_target(release: Release, folder: Path) -> None:
    """Raise UsageError where the folder is below the releases, or a table of the release is missing."""
    Paths(release.folder.parent.parent).check_output(folder)
    tables = (file for file in release.manifest.files if file.path.startswith("parquet/"))
    missing = [file.path for file in tables if not (release.folder / file.path).is_file()]
    if missing:
        raise UsageError(Issue("current_release_damaged", release.manifest.release_id, file=missing[0]))


def _parquet_file(release: Release, name: str) -> Path:
    return release.folder / "parquet" / f"{name}.parquet"


def _select_cities(release: Release, cities: Sequence[str]) -> list[str]:
    return [str(find_city(release, city)[_CITY]) for city in cities]


def _select(source: Path, codes: Sequence[str], headings: Mapping[str, str] | None = None) -> str:
    where = f" where {_CITY} in ({', '.join(map(quote_literal, codes))})" if codes else ""
    columns = ", ".join(
        f"{quote_identifier(name)} as {quote_identifier(heading)}" for name, heading in (headings or {}).items()
    )
    return f"select {columns or '*'} from read_parquet({quote_literal(source)}){where}"


def _chinese_headings(source: Path) -> dict[str, str]:
    """Return the Chinese name of each column; none where the file does not describe its columns."""
    columns = (pq.read_schema(source).metadata or {}).get(b"columns")
    return shorten_meanings({name: column["zh"] for name, column in json.loads(columns).items()}) if columns else {}


def _tables_with_column(release: Release, column: str) -> set[str]:
    return {row["table_name"] for row in release.rows("from duckdb_columns() where column_name = ?", [column])}


def _select_tables(release: Release, tables: Sequence[str], *, has_cities: bool) -> list[str]:
    """Return the names of the tables to export, as their Parquet files are named."""
    # The schemas of one language hold the same tables once more, as views.
    where = "not internal and schema_name not in ($1, $2)"
    views = [SCHEMA, ENGLISH_SCHEMA]
    rows = release.rows(f"select schema_name, table_name from duckdb_columns() where {where} group by all", views)
    known = {row["table_name"]: f"{row['schema_name']}.{row['table_name']}" for row in rows}
    known = {name: known[name] for name in sorted(known) if _parquet_file(release, name).is_file()}
    with_cities = _tables_with_column(release, _CITY)
    selected = []
    for text in tables:
        names = [name for name, qualified in known.items() if text in (name, qualified)]
        if not names:
            raise UsageError(Issue("unknown_table", text, ", ".join(difflib.get_close_matches(text, known, 3, 0.0))))
        if has_cities and names[0] not in with_cities:
            raise UsageError(Issue("table_without_cities", text))
        selected += names
    return selected or [name for name in known if not has_cities or name in with_cities]


@contextmanager
def _temporary_path(target: Path) -> Iterator[Path]:
    """Yield a path to write to, a file or a folder; it gets the name of the target when it is complete."""
    temporary = target.with_name(f".{target.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        yield temporary
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True) if temporary.is_file() else shutil.rmtree(temporary, ignore_errors=True)


def _write_parquet(connection: Connection, select: str, source: Path, target: Path) -> None:
    """Write rows with the metadata of the published file."""
    metadata = pq.read_schema(source).metadata or {}
    pairs = ", ".join(
        f"{quote_identifier(key.decode())}: {quote_literal(text.decode())}" for key, text in metadata.items()
    )
    option = f", kv_metadata {{{pairs}}}" if pairs else ""
    connection.execute(f"copy ({select}) to {quote_literal(target)} (format parquet, compression zstd{option})")


def write_csv(connection: Connection, select: str, _source: Path | None, target: Path) -> None:
    """Write UTF-8 with the byte order mark that Excel needs."""
    names, rows = _stream(connection, select)
    with target.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(names)
        writer.writerows([_csv_cell(value) for value in row] for row in rows)


def _write_json(connection: Connection, select: str, _source: Path, target: Path) -> None:
    """Write an array of objects, one per line."""
    names, rows = _stream(connection, select)
    with target.open("w", encoding="utf-8", newline="\n") as stream:
        mark = "["
        for row in rows:
            content = {name: _plain(value) for name, value in zip(names, row, strict=True)}
            stream.write(f"{mark}\n{json.dumps(content, ensure_ascii=False, allow_nan=False)}")
            mark = ","
        stream.write("[]\n" if mark == "[" else "\n]\n")


def _write_xlsx(connection: Connection, select: str, source: Path, target: Path) -> None:
    """Write one table to a workbook; rows beyond the limit of a sheet continue on another."""
    names, rows = _stream(connection, select)
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(target), options) as workbook:
        workbook.set_properties({"created": excel_limits.FIXED_CREATION_TIME})
        bold, sheet_names = workbook.add_format({"bold": True}), excel_limits.SheetNames()

        def add_sheet() -> Any:
            sheet = workbook.add_worksheet(sheet_names.add(source.stem))
            sheet.freeze_panes(1, 0)
            for position, heading in enumerate(names):
                sheet.write_string(0, position, heading, bold)
            return sheet

        sheet, line = add_sheet(), 1
        for row in rows:
            if line == excel_limits.MAX_ROWS:
                sheet, line = add_sheet(), 1
            for position, value in enumerate(row):
                _write_xlsx_cell(sheet, line, position, value)
            line += 1


def _write_xlsx_cell(sheet: Any, line: int, position: int, value: object) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(line, position, value)
    elif isinstance(value, int | float) and abs(value) < _MAX_EXACT_NUMBER:
        sheet.write_number(line, position, value)
    else:
        sheet.write_string(line, position, excel_limits.fit_cell_text(str(_plain(value)), _CUT_NOTE))


_WRITERS: Mapping[Format, Callable[[Connection, str, Path, Path], None]] = {
    "parquet": _write_parquet,
    "csv": write_csv,
    "xlsx": _write_xlsx,
    "json": _write_json,
}


def _stream(connection: Connection, select: str) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
    """Return the names of the columns, and the rows as they are read."""
    cursor = connection.execute(select)
    blocks = iter(lambda: cursor.fetchmany(_ROWS_PER_BLOCK), [])
    return [column[0] for column in cursor.description or ()], (row for block in blocks for row in block)


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _csv_cell(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    return escape_formula(value) if isinstance(value, str) else _plain(value)


def _csv_package(release: Release, names: Sequence[str]) -> str:
    """Return the data package of the release, changed to describe the CSV files."""
    package: dict[str, Any] = json.loads((release.folder / PACKAGE).read_text(encoding="utf-8"))
    resources = [resource for resource in package["resources"] if resource["name"] in names]
    for resource in resources:
        del resource["hash"]
        resource |= {"path": f"{resource['name']}.csv", "format": "csv", "mediatype": "text/csv"}
        resource["encoding"] = "utf-8-sig"
        for constraints in (field.get("constraints", {}) for field in resource["schema"]["fields"]):
            constraints |= {"enum": list(map(_csv_cell, constraints["enum"]))} if "enum" in constraints else {}
        keys = resource["schema"].pop("foreignKeys", [])
        valid_keys = [key for key in keys if key["reference"]["resource"] in names]
        resource["schema"] |= {"foreignKeys": valid_keys} if valid_keys else {}
    return json.dumps({**package, "resources": resources}, ensure_ascii=False, indent=1) + "\n"
