"""From the bytes of one file to its accepted rows, its rejected rows and what is to be told about it.

Here: what kind of file it is, its sheets in turn, chunks read in parallel and written in order, in constant memory. Not
here: the ledger (assets.intake.receipts.receipts), what a row is (assets.intake.rows.validator).
"""

from __future__ import annotations

import zipfile
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from assets.core.errors import Issue
from assets.core.messages import all_messages
from assets.core.settings import Limits
from assets.intake.readers.delimited import DELIMITERS, DelimitedSheet
from assets.intake.readers.encoding import FileRejectedError, detect_encoding
from assets.intake.readers.raw_rows import RawRow, RawSheet, to_csv_record
from assets.intake.readers.resubmissions import restore_resubmission
from assets.intake.readers.spreadsheet import read_workbook
from assets.intake.rows.duplicate_keys import find_duplicates, select_accepted_rows
from assets.intake.rows.row_errors import ROW_ERROR_SCHEMA
from assets.intake.rows.validator import ChunkResult, RowValidator, SheetNote, accepted_rows_schema
from assets.intake.tables.contracts import RETURN_ID, Contract
from assets.intake.tables.detection import HEAD_ROWS, TableLayout, TableNotFoundError, detect_table
from assets.intake.tables.headers import HeaderMatcher
from assets.intake.values.arrow_utils import build_table
from assets.intake.values.lookups import Lookups
from assets.warehouse.connection import Connection, quote_literal

READABLE = (".csv", ".tsv", ".txt", ".xlsx", ".xls")
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCODINGS = {"line": "DELTA_BINARY_PACKED"}
_WORKERS = 2
# Chunks waiting to be written; more would only fill the memory.
_AHEAD = _WORKERS + 1
_MOST_NOTES = 200
_MOST_FINDINGS = 50
_Result = TypeVar("_Result")
_PARQUET = "(format parquet, compression zstd)"


@dataclass(frozen=True, slots=True)
class SheetSummary:
    """How one sheet was read; `header_text` is its header row as one record in its delimiter."""

    sheet: str | None
    encoding: str | None
    delimiter: str
    header_line: int
    header_text: str


@dataclass
class ParseResult:
    """What became of a file: rows_read = rows_accepted + rows_aggregate + rows_rejected."""

    rows_read: int = 0
    rows_blank: int = 0
    rows_skipped: int = 0
    rows_accepted: int = 0
    rows_aggregate: int = 0
    rows_rejected: int = 0
    sheets: list[SheetSummary] = field(default_factory=list)
    notes: list[SheetNote] = field(default_factory=list)


@dataclass(frozen=True)
class FileParser:
    """Everything that the files of one dataset are read with."""

    connection: Connection
    contract: Contract
    registry: Lookups
    limits: Limits

    def parse(self, file: Path, name: str, readable: Path, rejects: Path) -> ParseResult:
        """Read a file and write its readable and its rejected rows; those readable and not rejected are accepted.

        Raises FileRefused where nothing of it can be taken.
        """
        parsed = ParseResult()
        readers = self._tables(self.sheets(file, name), parsed)
        faults = readable.with_name("faults.parquet")
        self._read(readers, readable, faults, parsed)
        if find_duplicates(self.connection, self.contract, readable):
            self._add_repeats(readers, faults)
        self._write_rejects(faults, rejects)
        rejected = f"select count(*) from (select distinct sheet, line from {_parquet(faults)})"
        (parsed.rows_rejected,) = self._one(rejected)
        accepted = select_accepted_rows(readable, rejects)
        rows, parsed.rows_aggregate = self._one(f"select count(*), count(province_code) from ({accepted})")
        parsed.rows_accepted = rows - parsed.rows_aggregate
        return parsed

    def sheets(self, file: Path, name: str) -> Sequence[RawSheet]:
        """The sheets of a file; its content says what it is, whatever the ending of its name promises."""
        suffix = Path(name).suffix.lower()
        with file.open("rb") as stream:
            start = stream.read(len(_OLE))
        is_zip = start.startswith(_ZIP)
        if suffix not in READABLE or (is_zip and not _is_workbook(file)):
            raise FileRejectedError(Issue("unsupported_file_type", suffix, "CSV, XLSX"))
        if is_zip or start == _OLE:
            return read_workbook(file, self.limits, is_zip=is_zip)
        encoding = detect_encoding(file, self.limits)
        sheet = DelimitedSheet(file, encoding, self._delimiter(file, encoding), self.limits)
        return [restore_resubmission(sheet, HEAD_ROWS)]

    def _delimiter(self, file: Path, encoding: str) -> str:
        """The one that splits some row into the most headers of the contract."""
        known = HeaderMatcher.of(self.contract, self.registry.units)

        def head(delimiter: str) -> list[RawRow]:
            return DelimitedSheet(file, encoding, delimiter, self.limits).head(HEAD_ROWS)

        def headers(rows: Iterable[RawRow]) -> int:
            cells = (row.cells[: self.limits.columns] for row in rows)
            found = (sum(known.header(cell) is not None for cell in row if cell.strip()) for row in cells)
            return max(found, default=0)

        first, *others = DELIMITERS
        rows = head(first)
        # One that does not occur splits nothing.
        occurring = [other for other in others if any(other in row.text for row in rows)]
        heads = {first: rows, **{other: head(other) for other in occurring}}
        return max(heads, key=lambda delimiter: headers(heads[delimiter]))

    def _tables(self, sheets: Sequence[RawSheet], parsed: ParseResult) -> list[tuple[RawSheet, RowValidator]]:
        """The sheets that hold a table. One without is passed over and told, unless no sheet holds one."""
        readers, without = [], []
        for sheet in sheets:
            try:
                layout = self._layout(sheet)
            except TableNotFoundError as refused:
                without.append((sheet, refused))
                continue
            readers.append((sheet, RowValidator(self.contract, self.registry, layout, sheet.name)))
        if not readers:
            raise (
                without[0][1]
                if without
                else FileRejectedError(Issue("missing_header_row", expected=", ".join(self.contract.columns)))
            )
        parsed.notes += [SheetNote(sheet.name, None, "sheet_skipped", sheet.name or "") for sheet, _ in without]
        for sheet, reader in readers:
            parsed.sheets.append(_sheet_read(sheet, reader.layout))
            parsed.notes += _told_by(reader)
        return readers

    def _layout(self, sheet: RawSheet) -> TableLayout:
        """The table of a sheet. A row above the limit of columns is no header: to compare its cells takes minutes."""
        head = sheet.head(HEAD_ROWS)
        fitting = [row for row in head if len(row.cells) <= self.limits.columns]
        try:
            return detect_table(fitting, self.contract, self.registry.units, sheet.name)
        except TableNotFoundError as refused:
            wide = next((row for row in head if len(row.cells) > self.limits.columns), None)
            if wide is None:
                raise
            found, expected = str(len(wide.cells)), str(self.limits.columns)
            raise TableNotFoundError(
                Issue("too_many_columns", found, expected, line=wide.line, sheet=sheet.name)
            ) from refused

    def _read(
        self, readers: Iterable[tuple[RawSheet, RowValidator]], readable: Path, faults: Path, parsed: ParseResult
    ) -> None:
        schema = accepted_rows_schema(self.contract)
        words = [entry.name for entry in schema if pa.types.is_dictionary(entry.type)]
        with (
            pq.ParquetWriter(
                readable,
                schema,
                compression="zstd",
                use_dictionary=words,
                column_encoding=_ENCODINGS,
                write_statistics=False,
            ) as good,
            pq.ParquetWriter(faults, ROW_ERROR_SCHEMA, compression="zstd") as bad,
            ThreadPoolExecutor(_WORKERS) as workers,
            ThreadPoolExecutor(1) as writer,
        ):
            written: Future[None] | None = None
            for sheet, reader in readers:
                conversions: Counter[str] = Counter()
                years: set[int] = set()
                tasks = (_reading(task, reader) for task in sheet.chunks(reader.layout.last_line, reader.shape))
                for rows in _in_order(tasks, workers):
                    if written is not None:
                        written.result()
                    written = writer.submit(_write, good, bad, rows)
                    _count(parsed, rows)
                    conversions += rows.conversions
                    years |= rows.years
                parsed.notes += [
                    SheetNote(reader.sheet, None, "converted", f"{said} ({count})")
                    for said, count in sorted(conversions.items())
                ]
                parsed.notes += _title_year(reader, years)
            if written is not None:
                written.result()
        del parsed.notes[_MOST_NOTES:]

    def _add_repeats(self, readers: Iterable[tuple[RawSheet, RowValidator]], faults: Path) -> None:
        """Rows of one key among the faults, with their text read once more from the file."""
        self.connection.register("sent", self._texts_of_repeats(readers))
        key = self.contract.key[0]
        position = list(self.contract.columns).index(key) + 1
        more = faults.with_name("all_faults.parquet")
        self.connection.execute(
            f"""
            copy (
                select * from {_parquet(faults)}
                union all
                select repeats.sheet, repeats.line, {position}, {quote_literal(key)}, null, repeats.code,
                    repeats.actual,
                    {quote_literal(", ".join(self.contract.key))}, sent.raw_row, repeats.{RETURN_ID}
                from repeats
                left join sent on repeats.sheet is not distinct from sent.sheet and repeats.line = sent.line
            ) to {quote_literal(more)} {_PARQUET}
            """
        )
        self.connection.unregister("sent")
        more.replace(faults)

    def _texts_of_repeats(self, readers: Iterable[tuple[RawSheet, RowValidator]]) -> pa.Table:
        schema = pa.schema([("sheet", pa.string()), ("line", pa.int64()), ("raw_row", pa.string())])
        parts = []
        for sheet, reader in readers:
            found = self.connection.execute(
                "select line from repeats where sheet is not distinct from ? order by line", [sheet.name]
            ).fetchnumpy()
            wanted = np.asarray(found["line"], dtype=np.int64)
            with ThreadPoolExecutor(_WORKERS) as workers:
                for lines, texts in _in_order(sheet.texts(reader.layout.last_line, reader.shape, wanted), workers):
                    parts.append(build_table(schema, [[sheet.name] * len(lines), lines, texts]))
        return pa.concat_tables(parts)

    def _write_rejects(self, faults: Path, rejects: Path) -> None:
        """Every fault with its reason and remedy in both languages."""
        found = self.connection.execute(f"select distinct code from {_parquet(faults)} order by code").fetchall()
        # Without a fault any will do; all of them for every file of many would take most of the time of a small one.
        catalogue = all_messages()
        used = {code: catalogue[code] for (code,) in found or [(next(iter(catalogue)),)]}
        messages = ", ".join(
            f"({', '.join(quote_literal(part) for part in (code, *message.reason, *message.remedy))})"
            for code, message in used.items()
        )
        texts = ", ".join(
            f"replace(replace(messages.{name}, '{{expected}}', faults.expected), '{{actual}}', faults.actual) as {name}"
            for name in ("reason_zh", "reason_en", "remedy_zh", "remedy_en")
        )
        self.connection.execute(
            f"""
            copy (
                with messages (code, reason_zh, reason_en, remedy_zh, remedy_en) as (values {messages})
                select faults.sheet, faults.line, row_number() over in_row as error_number,
                    nullif(faults.column_name, '') as column_name, faults.source_position as position, faults.code,
                    faults.actual, faults.expected, {texts}, faults.raw_row, faults.resubmitted_return_id
                from {_parquet(faults)} as faults
                join messages on messages.code = faults.code
                window in_row as (
                    partition by faults.sheet, faults.line order by faults.position, faults.source_position, faults.code
                    rows between unbounded preceding and current row
                )
                order by faults.sheet, faults.line, error_number
            ) to {quote_literal(rejects)} {_PARQUET}
            """
        )

    def _one(self, sql: str) -> tuple[Any, ...]:
        # To its end: the connection takes nothing else while a result is half read.
        (row,) = self.connection.execute(sql).fetchall()
        return tuple(row)


def _parquet(file: Path) -> str:
    return f"read_parquet({quote_literal(file)})"


def _is_workbook(file: Path) -> bool:
    """Whether a zip is an Excel workbook and nothing else: what is two kinds of file at once is measured as neither."""
    try:
        with zipfile.ZipFile(file) as archive:
            parts = set(archive.namelist())
            return "xl/workbook.xml" in parts and not parts & {"xl/workbook.bin", "content.xml"}
    except zipfile.BadZipFile:
        # It begins like one: a broken workbook, and told as such.
        return True


def _reading(task: Callable[[], object], reader: RowValidator) -> Callable[[], ChunkResult]:
    return lambda: reader.read(task())  # type: ignore[arg-type]


def _in_order(tasks: Iterator[Callable[[], _Result]], workers: ThreadPoolExecutor) -> Iterator[_Result]:
    """Results in the order of the tasks, a few of which are always under way."""
    under_way: deque[Future[_Result]] = deque()
    for task in tasks:
        under_way.append(workers.submit(task))
        if len(under_way) >= _AHEAD:
            yield under_way.popleft().result()
    while under_way:
        yield under_way.popleft().result()


def _write(good: pq.ParquetWriter, bad: pq.ParquetWriter, rows: ChunkResult) -> None:
    if rows.accepted.num_rows:
        good.write_table(rows.accepted)
    if rows.faults.num_rows:
        bad.write_table(rows.faults)


def _count(parsed: ParseResult, rows: ChunkResult) -> None:
    parsed.rows_read += rows.read
    parsed.rows_blank += rows.blank
    parsed.rows_skipped += rows.skipped
    parsed.notes += rows.notes[:_MOST_NOTES]


def _sheet_read(sheet: RawSheet, layout: TableLayout) -> SheetSummary:
    header = to_csv_record([header.sent for header in layout.headers], sheet.delimiter)
    return SheetSummary(sheet.name, sheet.encoding, sheet.delimiter, layout.header_rows[0].line, header)


def _told_by(reader: RowValidator) -> Iterator[SheetNote]:
    """What a sheet says above its table, and the columns that were kept aside."""
    for row in reader.layout.titles:
        yield SheetNote(reader.sheet, row.line, "title", " ".join(cell for cell in row.cells if cell.strip()))
    for header in reader.layout.headers:
        if header.role == "kept":
            yield SheetNote(reader.sheet, reader.layout.last_line, "unknown_column_kept", header.sent)


def _title_year(reader: RowValidator, years: set[int]) -> Iterator[SheetNote]:
    """A title that names another year than every row below it: one of the two is wrong."""
    said = reader.layout.title_years()
    if said and years and not said & years:
        rows = ", ".join(str(year) for year in sorted(years))
        yield SheetNote(reader.sheet, reader.layout.titles[0].line, "title_year_differs", f"{min(said)} / {rows}")
