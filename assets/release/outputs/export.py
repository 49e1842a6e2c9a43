"""Exporting tables of a release: Parquet, CSV, Excel and JSON, whole or for some cities.

Here: which tables and rows are taken, and how each kind of file is written, whole or in parts. What a release
says in text stays text: nothing becomes a formula. Not here: the release itself (assets.release.publish.publish).
"""

from __future__ import annotations

import csv
import difflib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

import pyarrow.parquet as pq
import xlsxwriter

from assets.core.errors import Issue, Language, UsageError
from assets.core.text import escape_formula, escape_xlsx_markup
from assets.release.outputs.datapackage import PACKAGE
from assets.release.outputs.duckdb_views import names_of
from assets.release.publish.manifest import MANIFEST_NAME
from assets.release.read.lookup import find_city
from assets.release.read.reader import Release
from assets.warehouse.connection import Connection, connect_in_memory, quote_identifier, quote_literal

Format = Literal["parquet", "csv", "xlsx", "json"]

# Written for people, who may want headings in their language; programs go by the names of the columns.
_FOR_PEOPLE = ("csv", "xlsx")
_CITY = "city_code"
_ROWS_AT_ONCE = 10_000
_MOST_ROWS = 1_048_576
_LONGEST_CELL = 32_767
_LONGEST_SHEET = 31
_CUT = "…（全文见 CSV 或 Parquet, in full in CSV and Parquet）"
# Beyond it Excel rounds: such a number is written as text.
_MOST_DIGITS = 10**15
# The same rows give the same bytes, whenever they are written.
_CREATED = datetime(2000, 1, 1)


def export_tables(
    release: Release,
    folder: Path,
    kind: Format = "parquet",
    tables: Sequence[str] = (),
    cities: Sequence[str] = (),
    language: Language | None = None,
) -> list[Path]:
    """Write the tables named, or all, into the folder, a file each; with cities, their rows of the tables with cities.

    All tables as Parquet come with the manifest of the release, CSV with a data package of its own. In Chinese, CSV and
    Excel have the headings of the Chinese views, and there is no package, which goes by the names of the columns.
    Raises WrongCall for a table or city that is not there.
    """
    codes = [str(find_city(release, city)[_CITY]) for city in cities]
    names = _chosen(release, tables, has_cities=bool(codes))
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    with connect_in_memory() as connection:
        for name in names:
            source, target = release.folder / "parquet" / f"{name}.parquet", folder / f"{name}.{kind}"
            with _placed(target) as file:
                if kind == "parquet" and not codes:
                    shutil.copyfile(source, file)
                else:
                    headings = _headings(source) if language == "zh" and kind in _FOR_PEOPLE else {}
                    _WRITERS[kind](connection, _select(source, codes, headings), source, file)
            written.append(target)
    if kind == "parquet" and not tables and not codes:
        with _placed(folder / MANIFEST_NAME) as file:
            shutil.copyfile(release.folder / MANIFEST_NAME, file)
        written.append(folder / MANIFEST_NAME)
    if kind == "csv" and language != "zh" and (release.folder / PACKAGE).is_file():
        with _placed(folder / PACKAGE) as file:
            file.write_text(_package(release, names), encoding="utf-8")
        written.append(folder / PACKAGE)
    return written


def export_partitioned(
    release: Release, folder: Path, column: str, tables: Sequence[str] = (), cities: Sequence[str] = ()
) -> list[Path]:
    """Write tables as Parquet in parts by a column, `<table>/<column>=<value>/`, as DuckDB, pyarrow and Spark read it.

    Without tables, all that have the column. The column stands in the names of the folders alone. A folder of an
    earlier export is replaced as a whole. Raises WrongCall for a table or city that is not there, and for a table
    without the column.
    """
    codes = [str(find_city(release, city)[_CITY]) for city in cities]
    having = {row["table_name"] for row in release.rows("from duckdb_columns() where column_name = ?", [column])}
    names = _chosen(release, tables, has_cities=bool(codes))
    for name in names if tables else ():
        if name not in having:
            raise UsageError(Issue("table_without_column", name, column))
    names = [name for name in names if name in having]
    if not names:
        raise UsageError(Issue("table_without_column", ", ".join(tables) or "*", column))
    folder.mkdir(parents=True, exist_ok=True)
    with connect_in_memory() as connection:
        for name in names:
            _write_parts(
                connection, _select(release.folder / "parquet" / f"{name}.parquet", codes), column, folder / name
            )
    return [folder / name for name in names]


def _write_parts(connection: Connection, select: str, column: str, target: Path) -> None:
    temporary = target.with_name(f".{target.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        how = f"format parquet, compression zstd, partition_by ({quote_identifier(column)})"
        connection.execute(f"copy ({select}) to {quote_literal(temporary)} ({how})")
        shutil.rmtree(target, ignore_errors=True)
        temporary.rename(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _select(source: Path, codes: Sequence[str], headings: Mapping[str, str] | None = None) -> str:
    where = f" where {_CITY} in ({', '.join(map(quote_literal, codes))})" if codes else ""
    columns = (
        ", ".join(f"{quote_identifier(name)} as {quote_identifier(zh)}" for name, zh in (headings or {}).items()) or "*"
    )
    return f"select {columns} from read_parquet({quote_literal(source)}){where}"


def _headings(source: Path) -> dict[str, str]:
    """The Chinese name of each column; none for a file that does not tell what its columns mean."""
    told = (pq.read_schema(source).metadata or {}).get(b"columns")
    return names_of({name: column["zh"] for name, column in json.loads(told).items()}) if told else {}


def _chosen(release: Release, tables: Sequence[str], *, has_cities: bool) -> list[str]:
    """The names of the tables to be exported, as their Parquet files are called."""
    rows = release.rows("select schema_name, table_name from duckdb_columns() where not internal group by all")
    known = {row["table_name"]: f"{row['schema_name']}.{row['table_name']}" for row in rows}
    known = {name: known[name] for name in sorted(known) if (release.folder / "parquet" / f"{name}.parquet").is_file()}
    of_cities = {row["table_name"] for row in release.rows("from duckdb_columns() where column_name = ?", [_CITY])}
    chosen = []
    for text in tables:
        found = [name for name, qualified in known.items() if text in (name, qualified)]
        if not found:
            raise UsageError(Issue("no_such_table", text, ", ".join(difflib.get_close_matches(text, known, 3, 0.0))))
        if has_cities and found[0] not in of_cities:
            raise UsageError(Issue("table_without_cities", text))
        chosen += found
    return chosen or [name for name in known if not has_cities or name in of_cities]


@contextmanager
def _placed(target: Path) -> Iterator[Path]:
    """Another name to write under; the file gets its own when it is whole."""
    temporary = target.with_name(f".{target.name}.tmp")
    try:
        yield temporary
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _write_parquet(connection: Connection, select: str, source: Path, target: Path) -> None:
    """Rows of a table with all that its file says of itself."""
    metadata = pq.read_schema(source).metadata or {}
    said = ", ".join(
        f"{quote_identifier(key.decode())}: {quote_literal(text.decode())}" for key, text in metadata.items()
    )
    described = f", kv_metadata {{{said}}}" if said else ""
    connection.execute(f"copy ({select}) to {quote_literal(target)} (format parquet, compression zstd{described})")


def _write_csv(connection: Connection, select: str, _source: Path, target: Path) -> None:
    """UTF-8 with the mark by which Excel knows it."""
    names, rows = _streamed(connection, select)
    with target.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(names)
        writer.writerows([_cell(value) for value in row] for row in rows)


def _write_json(connection: Connection, select: str, _source: Path, target: Path) -> None:
    """An array of objects, one a line."""
    names, rows = _streamed(connection, select)
    with target.open("w", encoding="utf-8") as stream:
        mark = "["
        for row in rows:
            content = {name: _plain(value) for name, value in zip(names, row, strict=True)}
            stream.write(f"{mark}\n{json.dumps(content, ensure_ascii=False, allow_nan=False)}")
            mark = ","
        stream.write("[]\n" if mark == "[" else "\n]\n")


def _write_xlsx(connection: Connection, select: str, source: Path, target: Path) -> None:
    """One table a workbook; what does not fit a sheet goes on in another."""
    names, rows = _streamed(connection, select)
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(target), options) as workbook:
        workbook.set_properties({"created": _CREATED})
        bold = workbook.add_format({"bold": True})
        part, line, sheet = 0, _MOST_ROWS, None
        for row in rows:
            if line == _MOST_ROWS:
                part, line = part + 1, 1
                sheet = _sheet(workbook, source.stem, part, names, bold)
            for position, value in enumerate(row):
                _write_cell(sheet, line, position, value)
            line += 1
        if sheet is None:
            _sheet(workbook, source.stem, 1, names, bold)


def _sheet(workbook: Any, name: str, part: int, names: Sequence[str], bold: Any) -> Any:
    ending = f" ({part})" if part > 1 else ""
    sheet = workbook.add_worksheet(name[: _LONGEST_SHEET - len(ending)] + ending)
    sheet.freeze_panes(1, 0)
    for position, heading in enumerate(names):
        sheet.write_string(0, position, heading, bold)
    return sheet


def _write_cell(sheet: Any, line: int, position: int, value: object) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(line, position, value)
    elif isinstance(value, int | float) and abs(value) < _MOST_DIGITS:
        sheet.write_number(line, position, value)
    else:
        text = str(_plain(value))
        if len(text) > _LONGEST_CELL:
            text = text[: _LONGEST_CELL - len(_CUT)] + _CUT
        sheet.write_string(line, position, escape_xlsx_markup(text))


_WRITERS: Mapping[Format, Callable[[Connection, str, Path, Path], None]] = {
    "parquet": _write_parquet,
    "csv": _write_csv,
    "xlsx": _write_xlsx,
    "json": _write_json,
}


def _streamed(connection: Connection, select: str) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
    found = connection.execute(select)
    return [column[0] for column in found.description or ()], _rows(found)


def _rows(found: Connection) -> Iterator[tuple[Any, ...]]:
    while rows := found.fetchmany(_ROWS_AT_ONCE):
        yield from rows


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    return escape_formula(value) if isinstance(value, str) else _plain(value)


def _package(release: Release, names: Sequence[str]) -> str:
    """The data package of the release, of the CSV files instead."""
    package: dict[str, Any] = json.loads((release.folder / PACKAGE).read_text(encoding="utf-8"))
    resources = [resource for resource in package["resources"] if resource["name"] in names]
    for resource in resources:
        del resource["hash"]
        resource |= {"path": f"{resource['name']}.csv", "format": "csv", "mediatype": "text/csv"}
        resource["encoding"] = "utf-8-sig"
        for constraints in (field.get("constraints", {}) for field in resource["schema"]["fields"]):
            constraints |= {"enum": list(map(_cell, constraints["enum"]))} if "enum" in constraints else {}
        keys = resource["schema"].pop("foreignKeys", [])
        held = [key for key in keys if key["reference"]["resource"] in names]
        resource["schema"] |= {"foreignKeys": held} if held else {}
    return json.dumps({**package, "resources": resources}, ensure_ascii=False, indent=1) + "\n"
