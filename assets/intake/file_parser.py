"""From the bytes of one file to its accepted rows, its rejected rows and the notes about it.

Here: what type of file it is, its sheets one after the other, chunks parsed in parallel and written in order, in
constant memory. Not here: archive and receipts (assets.intake.ingest), rules of a row (assets.intake.rows.validator).
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from assets.core.errors import Issue
from assets.core.messages import all_messages
from assets.core.settings import Limits
from assets.intake.readers.delimited import DelimitedSheet, detect_delimiter
from assets.intake.readers.encoding import FileRejectedError, detect_encoding
from assets.intake.readers.raw_rows import RawChunk, RawSheet, column_letters, to_csv_record
from assets.intake.readers.reader_process import WorkbookReader, read_in_new_process
from assets.intake.readers.resubmissions import restore_resubmission
from assets.intake.readers.workbook import is_workbook
from assets.intake.receipts.receipts import SheetColumn, SheetNote, SheetSummary, SignOff, issue_to_dict
from assets.intake.rows.accounts import RowCounts, SheetAccount
from assets.intake.rows.duplicate_keys import find_duplicates
from assets.intake.rows.row_errors import ROW_ERROR_SCHEMA
from assets.intake.rows.validator import ChunkResult, RowValidator, accepted_rows_schema
from assets.intake.tables.arrangement import SheetArranger
from assets.intake.tables.contracts import RETURN_ID, Contract
from assets.intake.tables.detection import HEAD_ROWS, TableLayout, TableNotFoundError
from assets.intake.tables.form_id import FormId
from assets.intake.tables.headers import HeaderMatcher
from assets.intake.tables.table_rows import CELL, FIRST_COLUMN, RearrangedSheet, RowKeys
from assets.intake.values.arrow_utils import build_table
from assets.intake.values.lookups import Lookups
from assets.warehouse.connection import Connection, quote_literal

SUFFIXES = (
    *(".csv", ".tsv", ".txt"),
    *(".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"),
    *(".xml", ".htm", ".html", ".mht", ".mhtml"),
)
_WORKERS = 2
# Chunks that wait to be written; more would only fill the memory.
_MAX_PENDING = _WORKERS + 1
_MAX_NOTES = 200
_MAX_LISTED = 20
_COUNTS = ("read", "blank", "skipped", "accepted", "aggregate", "rejected")
# Columns whose cells are not published, not even with a rejected row.
_PRIVATE_ROLES = ("sign_off", "ignored")
_Result = TypeVar("_Result")
_PARQUET_OPTIONS = "(format parquet, compression zstd)"


class SheetNotReadError(FileRejectedError):
    """The sheet is hidden, or a copy of another one."""


@dataclass(frozen=True, slots=True)
class HeaderCount:
    """How many cells of the row with most headers the contract knows, and how many cells it has."""

    known: int
    cells: int


@dataclass
class ParseResult:
    """What became of a file: its sheets with their accounts, and the notes about it."""

    sheets: list[SheetSummary] = field(default_factory=list)
    notes: list[SheetNote] = field(default_factory=list)
    form: FormId | None = None
    signatures: dict[str, set[str]] = field(default_factory=dict)

    def add_signatures(self, cells: Mapping[str, set[str]]) -> None:
        """Add what some columns of signatures say."""
        for name, texts in cells.items():
            self.signatures.setdefault(name, set()).update(texts)

    @property
    def sign_off(self) -> SignOff | None:
        """Who filled in and checked the file and whether all was sent; None where it is no form and not signed."""
        if self.form is None and not any(self.signatures.values()):
            return None
        cells = {name: "、".join(sorted(texts)) for name, texts in self.signatures.items() if texts}
        return SignOff(form_id=None if self.form is None else str(self.form), **cells)

    @property
    def counts(self) -> dict[str, int]:
        """The counts of the receipt: rows_read = rows_accepted + rows_aggregate + rows_rejected."""
        accounts = [sheet.account for sheet in self.sheets if sheet.account is not None]
        counts = {f"rows_{name}": sum(getattr(account, name) for account in accounts) for name in _COUNTS}
        counts["rows_read"] += sum(account.unfolded for account in accounts)
        return counts


@dataclass(frozen=True)
class _SheetParser:
    """A sheet that holds a table, with the validator of its rows and the counts of its rows so far."""

    sheet: RawSheet
    validator: RowValidator
    counts: RowCounts
    unfolded: int = 0

    def chunks(self) -> Iterator[Callable[[], ChunkResult]]:
        for read_chunk in self.sheet.chunks(self.validator.layout.last_line, self.validator.chunk_schema):
            yield partial(self._validate, read_chunk)

    def _validate(self, read_chunk: Callable[[], RawChunk]) -> ChunkResult:
        result = self.validator.validate(read_chunk())
        if self._private_columns:
            position = result.errors.schema.get_field_index("raw_row")
            texts = self.hide_private_cells(result.errors["raw_row"].to_pylist())
            result.errors = result.errors.set_column(
                position, ROW_ERROR_SCHEMA.field(position), pa.array(texts, pa.string())
            )
        if isinstance(self.sheet, RearrangedSheet):
            result.valid, result.errors = self.sheet.restore_places(result.valid, result.errors)
        return result

    @cached_property
    def _private_columns(self) -> list[int]:
        headers = enumerate(self.validator.layout.headers)
        return [number for number, header in headers if header.role in _PRIVATE_ROLES]

    def hide_private_cells(self, rows: Sequence[str]) -> list[str]:
        """Return rows as text, with blank cells for signatures and in columns that are not read, such as 联系电话."""
        return [self._hide(row) for row in rows] if self._private_columns else list(rows)

    def _hide(self, row: str) -> str:
        records = list(csv.reader(io.StringIO(row, newline=""), delimiter=self.sheet.delimiter))
        for record in records:
            for number in self._private_columns:
                record[number : number + 1] = [""] if number < len(record) else []
        return "\n".join(to_csv_record(record, self.sheet.delimiter) for record in records)


@dataclass(frozen=True)
class FileParser:
    """The parser of the files of one dataset."""

    connection: Connection
    contract: Contract
    registry: Lookups
    limits: Limits
    read_workbook: WorkbookReader = read_in_new_process

    def parse(self, file: Path, name: str, accepted: Path, rejects: Path) -> ParseResult:
        """Parse a file and write its accepted and its rejected rows.

        Args:
            file: the archived bytes.
            name: the name under which they arrived; its suffix must fit the content.
            accepted: the Parquet file to write with all accepted rows, aggregate ones included, and no others.
            rejects: the Parquet file to write, one row per error of a rejected row.

        Raises:
            FileRejectedError: no row of the file can be used.
        """
        result = ParseResult()
        sheets = self._sheets(file, name, accepted.with_name("sheets"))
        parsers, passed_over = self._sheet_parsers(sheets, name, result)
        error_files = [accepted.with_name("errors.parquet")]
        self._write_valid_rows(parsers, accepted, error_files[0], result)
        if find_duplicates(self.connection, self.contract, accepted):
            rows_by_sheet = self._duplicate_rows(parsers)
            error_files.append(accepted.with_name("duplicate_errors.parquet"))
            self._write_duplicate_errors(_read_texts(parsers, rows_by_sheet), error_files[1])
            self._delete_rows(accepted, rows_by_sheet)
        errors = _parquet(*error_files)
        self._write_rejects(errors, rejects)
        result.sheets = self._summaries(sheets, parsers, passed_over, accepted, errors)
        return result

    def count_headers(self, file: Path, name: str) -> HeaderCount:
        """Return how many of the headers of a file the contract has; see `parse` for the arguments and errors."""
        matcher = HeaderMatcher(self.contract, self.registry.units)
        with tempfile.TemporaryDirectory() as folder:
            sheets = self._sheets(file, name, Path(folder) / "sheets")
            rows = [row.cells[: self.limits.columns] for sheet in sheets for row in sheet.head(HEAD_ROWS)]
        counts = [HeaderCount(matcher.count(cells), sum(bool(cell.strip()) for cell in cells)) for cells in rows]
        return max(counts, key=lambda count: (count.known, -count.cells), default=HeaderCount(0, 0))

    def _sheets(self, file: Path, name: str, folder: Path) -> Sequence[RawSheet]:
        """The sheets of a file; its type is decided by its content, and its suffix must be a supported one.

        The rows of a workbook are written into the folder.
        """
        suffix = Path(name).suffix.lower()
        if suffix not in SUFFIXES:
            raise FileRejectedError(Issue("unsupported_file_type", suffix, "CSV, XLSX"))
        if is_workbook(file):
            folder.mkdir()
            return self.read_workbook(file, self.limits, folder)
        encoding = detect_encoding(file, self.limits)
        matcher = HeaderMatcher(self.contract, self.registry.units)
        delimiter = detect_delimiter(file, encoding, self.limits, HEAD_ROWS, matcher.count)
        sheet = DelimitedSheet(file, encoding, delimiter, self.limits)
        return [restore_resubmission(sheet, HEAD_ROWS)]

    def _sheet_parsers(
        self, sheets: Sequence[RawSheet], name: str, result: ParseResult
    ) -> tuple[list[_SheetParser], dict[str | None, Issue]]:
        """The sheets that hold a table; why the others are passed over, unless no sheet holds one."""
        parsers: list[_SheetParser] = []
        passed_over: dict[str | None, FileRejectedError] = {}
        arranger = SheetArranger(self.contract, self.registry, self.limits, _sender(name))
        for sheet in sheets:
            try:
                _check_is_shown(sheet)
                arranged = arranger.arrange(sheet)
                _check_is_no_copy(arranged.sheet, parsers)
            except (SheetNotReadError, TableNotFoundError) as error:
                passed_over[sheet.name] = error
                continue
            rows, layout = arranged.sheet, arranged.layout
            validator = RowValidator(
                self.contract, self.registry, layout, sheet.name, rows.cell_problems, arranged.check_row
            )
            parsers.append(_SheetParser(rows, validator, arranged.counts, arranged.unfolded))
            result.form = result.form or layout.form
            result.add_signatures(arranged.sign_off)
            result.notes += [*_layout_notes(validator), *_hidden_notes(sheet), *arranged.notes]
        if not parsers:
            no_table = FileRejectedError(Issue("missing_header_row", expected=self.contract.needed_titles))
            raise next(iter(passed_over.values()), no_table)
        result.notes += [
            SheetNote(sheet=name, line=None, kind="sheet_skipped", text=name or "") for name in passed_over
        ]
        return parsers, {name: error.issues[0] for name, error in passed_over.items()}

    def _summaries(
        self,
        sheets: Sequence[RawSheet],
        parsers: Iterable[_SheetParser],
        passed_over: Mapping[str | None, Issue],
        accepted: Path,
        errors: str,
    ) -> list[SheetSummary]:
        """Each sheet with its account; raise FileRejectedError where one does not add up."""
        by_name = {parser.sheet.name: parser for parser in parsers}
        outcomes = self._count_outcomes(accepted, errors)
        summaries: list[SheetSummary] = []
        mismatches: list[Issue] = []
        for sheet in sheets:
            parser, physical = by_name.get(sheet.name), sheet.physical_rows()
            counts: RowCounts = parser.counts if parser is not None else Counter({"passed_over": physical})
            if parser is not None:
                counts["set_aside"] += len(sheet.hidden_rows)
            # A workbook is asked for its rows with content only: of its blank rows there is but one count.
            physical += counts["blank"] if sheet.encoding is None else 0
            fields: dict[str, int] = dict(counts) | outcomes.get(sheet.name, {})
            fields["unfolded"] = parser.unfolded if parser is not None else 0
            account = SheetAccount(physical=physical, **fields)
            layout = parser.validator.layout if parser is not None else None
            summaries.append(_summary(sheet, layout, account, passed_over.get(sheet.name)))
            mismatches += account.find_mismatches(sheet.name)
        if mismatches:
            raise FileRejectedError(*mismatches)
        return summaries

    def _count_outcomes(self, accepted: Path, errors: str) -> dict[str | None, dict[str, int]]:
        """The rows accepted, aggregate and rejected, by sheet."""
        rows = self.connection.execute(
            f"""
            with outcomes as (
                select sheet, count(*) filter (where province_code is null) as accepted,
                    count(province_code) as aggregate, 0 as rejected
                from {_parquet(accepted)} group by sheet
                union all
                select sheet, 0, 0, count(distinct (line, first_column)) from {errors} group by sheet
            )
            select sheet, sum(accepted), sum(aggregate), sum(rejected) from outcomes group by sheet
            """
        ).fetchall()
        names = ("accepted", "aggregate", "rejected")
        return {sheet: dict(zip(names, map(int, counts), strict=True)) for sheet, *counts in rows}

    def _write_valid_rows(
        self, parsers: Iterable[_SheetParser], valid: Path, errors: Path, result: ParseResult
    ) -> None:
        """Write the rows that break no rule of a row; some of them may still share a key."""
        with (
            self._open_writer(valid) as valid_writer,
            pq.ParquetWriter(errors, ROW_ERROR_SCHEMA, compression="zstd") as error_writer,
            ThreadPoolExecutor(_WORKERS) as workers,
            ThreadPoolExecutor(1) as writing,
        ):
            written: Future[None] | None = None
            usable, faulty = 0, 0
            for parser in parsers:
                remarks = parser.validator.header_remarks
                years: set[int] = set()
                for chunk in _run_in_order(parser.chunks(), workers):
                    if written is not None:
                        written.result()
                    usable += chunk.valid.num_rows
                    faulty += pc.count_distinct(chunk.errors["line"]).as_py()
                    # Returns of such a file would fill memory and disk, and help nobody.
                    if faulty > max(usable, self.limits.faulty_rows):
                        line, limit = pc.max(chunk.errors["line"]).as_py(), str(self.limits.faulty_rows)
                        raise FileRejectedError(
                            Issue("too_many_faulty_rows", limit, line=line, sheet=parser.sheet.name)
                        )
                    written = writing.submit(_write_chunk, valid_writer, error_writer, chunk)
                    parser.counts.update(chunk.counts)
                    result.notes += chunk.notes[:_MAX_NOTES]
                    remarks += chunk.remarks
                    years |= chunk.years
                    result.add_signatures(chunk.sign_off)
                result.notes += [
                    SheetNote(sheet=parser.sheet.name, line=None, kind=kind, text=f"{text} ({count})")
                    for (kind, text), count in sorted(remarks.items())
                ]
                # Of a shorter sheet each title is compared with the rows below it.
                if parser.validator.check_row is not None:
                    result.notes += _title_year_notes(parser.validator, years)
            if written is not None:
                written.result()
        del result.notes[_MAX_NOTES:]

    def _open_writer(self, file: Path) -> pq.ParquetWriter:
        schema = accepted_rows_schema(self.contract)
        return pq.ParquetWriter(
            file,
            schema,
            compression="zstd",
            use_dictionary=[entry.name for entry in schema if pa.types.is_dictionary(entry.type)],
            column_encoding={"line": "DELTA_BINARY_PACKED"},
            write_statistics=False,
        )

    def _duplicate_rows(self, parsers: Iterable[_SheetParser]) -> dict[str | None, RowKeys]:
        """The rows of the temporary table `duplicates`, by sheet."""
        rows: dict[str | None, RowKeys] = {}
        for name in (parser.sheet.name for parser in parsers):
            columns = self.connection.execute(
                f"select line, coalesce({FIRST_COLUMN}, 0) as {FIRST_COLUMN} from duplicates "
                "where sheet is not distinct from ? order by all",
                [name],
            ).fetchnumpy()
            rows[name] = RowKeys.of(columns["line"], columns[FIRST_COLUMN])
        return rows

    def _delete_rows(self, file: Path, rows_by_sheet: Mapping[str | None, RowKeys]) -> None:
        """Write the file again without some rows, one row group at a time, in the same order.

        An anti join of DuckDB would not keep the order of the rows, which is mostly that of the key of the table.
        """
        remaining = file.with_name("remaining.parquet")
        with pq.ParquetFile(file) as source, self._open_writer(remaining) as target:
            for number in range(source.num_row_groups):
                rows = source.read_row_group(number)
                # A row group is one chunk, which is of one sheet.
                deleted = rows_by_sheet[rows["sheet"][0].as_py()]
                first_columns = rows[FIRST_COLUMN].fill_null(0).to_numpy()
                is_kept = ~np.isin(RowKeys.of(rows["line"].to_numpy(), first_columns).keys, deleted.keys)
                if is_kept.any():
                    target.write_table(rows if is_kept.all() else rows.filter(pa.array(is_kept)))
        remaining.replace(file)

    def _write_duplicate_errors(self, raw_rows: pa.Table, errors: Path) -> None:
        """Write the rows of `duplicates` as errors of the first column of the key."""
        self.connection.register("raw_rows", raw_rows)
        key = self.contract.key[0]
        position = list(self.contract.columns).index(key) + 1
        titles = quote_literal(self.contract.titles(self.contract.key))
        self.connection.execute(
            f"""
            copy (
                select duplicates.sheet, duplicates.line, duplicates.{FIRST_COLUMN}, cast(null as varchar) as {CELL},
                    cast({position} as integer) as position, {quote_literal(key)} as column_name,
                    cast(null as integer) as source_position, duplicates.code,
                    duplicates.actual, {titles} as expected, raw_rows.raw_row,
                    duplicates.{RETURN_ID} as resubmitted_return_id
                from duplicates
                left join raw_rows
                    on duplicates.sheet is not distinct from raw_rows.sheet and duplicates.line = raw_rows.line
                    and duplicates.{FIRST_COLUMN} is not distinct from raw_rows.{FIRST_COLUMN}
            ) to {quote_literal(errors)} {_PARQUET_OPTIONS}
            """
        )
        self.connection.unregister("raw_rows")

    def _write_rejects(self, errors: str, rejects: Path) -> None:
        """Write every error of a table expression with its reason and its remedy in both languages."""
        codes = self.connection.execute(f"select distinct code from {errors} order by code").fetchall()
        # Without an error any message will do; passing all of them would take most of the time of a small file.
        catalogue = all_messages()
        messages = ", ".join(
            f"({is_expected}, {', '.join(quote_literal(text) for text in (code, *message.reason, *remedy))})"
            for code, message in ((code, catalogue[code]) for (code,) in codes or [(next(iter(catalogue)),)])
            for is_expected, remedy in ((True, message.full_remedy), (False, message.remedy))
        )
        texts = ", ".join(
            f"replace(replace(messages.{name}, '{{expected}}', errors.expected), '{{actual}}', errors.actual) as {name}"
            for name in ("reason_zh", "reason_en", "remedy_zh", "remedy_en")
        )
        self.connection.execute(
            f"""
            copy (
                with messages (is_expected, code, reason_zh, reason_en, remedy_zh, remedy_en) as (values {messages})
                select errors.sheet, errors.line, errors.{FIRST_COLUMN}, errors.{CELL},
                    row_number() over in_row as error_number,
                    nullif(errors.column_name, '') as column_name, errors.source_position as position, errors.code,
                    errors.actual, errors.expected, {texts}, errors.raw_row, errors.resubmitted_return_id
                from {errors} as errors
                join messages on messages.code = errors.code and messages.is_expected = (errors.expected <> '')
                window in_row as (
                    partition by errors.sheet, errors.line
                    order by errors.{FIRST_COLUMN}, errors.position, errors.source_position, errors.code
                    rows between unbounded preceding and current row
                )
                order by errors.sheet, errors.line, error_number
            ) to {quote_literal(rejects)} {_PARQUET_OPTIONS}
            """
        )


def _parquet(*files: Path) -> str:
    return f"read_parquet([{', '.join(map(quote_literal, files))}])"


def _read_texts(parsers: Iterable[_SheetParser], rows_by_sheet: Mapping[str | None, RowKeys]) -> pa.Table:
    """The rows on the lines of some rows as they are in the file."""
    fields = [("sheet", pa.string()), ("line", pa.int64()), (FIRST_COLUMN, pa.int64()), ("raw_row", pa.string())]
    schema = pa.schema(fields)
    parts = []
    with ThreadPoolExecutor(_WORKERS) as workers:
        for parser in parsers:
            name, after = parser.sheet.name, parser.validator.layout.last_line
            wanted = rows_by_sheet[name].lines
            if isinstance(parser.sheet, RearrangedSheet):
                parts.append(build_table(schema, parser.sheet.located_texts(wanted)))
                continue
            tasks = parser.sheet.texts(after, parser.validator.chunk_schema, wanted)
            for lines, texts in _run_in_order(tasks, workers):
                rows = parser.hide_private_cells(texts)
                parts.append(build_table(schema, [[name] * len(lines), lines, [None] * len(lines), rows]))
    return pa.concat_tables(parts)


def _run_in_order(tasks: Iterator[Callable[[], _Result]], workers: ThreadPoolExecutor) -> Iterator[_Result]:
    """Run tasks in parallel, a few at a time, and yield their results in the order of the tasks."""
    pending: deque[Future[_Result]] = deque()
    for task in tasks:
        pending.append(workers.submit(task))
        if len(pending) >= _MAX_PENDING:
            yield pending.popleft().result()
    while pending:
        yield pending.popleft().result()


def _write_chunk(valid_writer: pq.ParquetWriter, error_writer: pq.ParquetWriter, chunk: ChunkResult) -> None:
    if chunk.valid.num_rows:
        valid_writer.write_table(chunk.valid)
    if chunk.errors.num_rows:
        error_writer.write_table(chunk.errors)


def _summary(
    sheet: RawSheet, layout: TableLayout | None, account: SheetAccount, passed_over: Issue | None
) -> SheetSummary:
    headers = layout.headers if layout is not None else ()
    return SheetSummary(
        sheet=sheet.name,
        encoding=sheet.encoding,
        delimiter=sheet.delimiter,
        header_line=layout.header_rows[0].line if layout is not None else None,
        header_text=to_csv_record([header.text for header in headers], sheet.delimiter) if headers else None,
        columns=tuple(
            SheetColumn(column=header.column, header=header.text, unit=header.unit)
            for header in headers
            if header.column is not None
        ),
        account=account,
        passed_over=None if passed_over is None else issue_to_dict(passed_over),
    )


def _check_is_shown(sheet: RawSheet) -> None:
    if sheet.is_hidden:
        raise SheetNotReadError(Issue("hidden_sheet", sheet=sheet.name))


def _check_is_no_copy(sheet: RawSheet, parsers: Iterable[_SheetParser]) -> None:
    """Raise SheetNotReadError for the rows of another sheet, unless its name makes them those of another year."""
    original = next((parser.sheet for parser in parsers if parser.sheet.name == sheet.copy_of), None)
    if sheet.copy_of is None or (isinstance(sheet, RearrangedSheet) and not sheet.has_rows_of(original)):
        return
    raise SheetNotReadError(Issue("sheet_copy", sheet.copy_of, sheet=sheet.name))


def _hidden_notes(sheet: RawSheet) -> Iterator[SheetNote]:
    """The hidden rows and columns that are set aside."""
    if sheet.hidden_rows:
        text = "、".join(map(str, sorted(sheet.hidden_rows)[:_MAX_LISTED]))
        text += f" … ({len(sheet.hidden_rows)})" if len(sheet.hidden_rows) > _MAX_LISTED else ""
        yield SheetNote(sheet=sheet.name, line=min(sheet.hidden_rows), kind="hidden_rows", text=text)
    if sheet.hidden_columns:
        text = "、".join(map(column_letters, sorted(sheet.hidden_columns)))
        yield SheetNote(sheet=sheet.name, line=None, kind="hidden_columns", text=text)


def _layout_notes(validator: RowValidator) -> Iterator[SheetNote]:
    """The titles above a table, the units stated beside it, and its columns that the contract does not know."""
    for row in validator.layout.titles:
        text = " ".join(cell for cell in row.cells if cell.strip())
        yield SheetNote(sheet=validator.sheet, line=row.line, kind="title", text=text)
    for statement in validator.layout.unit_statements:
        yield SheetNote(sheet=validator.sheet, line=statement.line, kind="unit_statement", text=statement.text)
    form = validator.layout.form
    if form is not None and form.version != validator.contract.version:
        text = f"{form} → {validator.contract.version}"
        yield SheetNote(sheet=validator.sheet, line=validator.layout.titles[0].line, kind="form_outdated", text=text)
    kinds = {"kept": "unknown_column_kept", "ignored": "column_ignored", "units": "column_ignored"}
    for header in validator.layout.headers:
        if header.role in kinds:
            line = validator.layout.last_line
            yield SheetNote(sheet=validator.sheet, line=line, kind=kinds[header.role], text=header.text)


def _sender(name: str) -> str | None:
    """The folder of the inbox from which a file came: dataset/sender/file."""
    folders = Path(name).parts[1:-1]
    return folders[0] if folders else None


def _title_year_notes(validator: RowValidator, years: set[int]) -> Iterator[SheetNote]:
    """A title that names another year than every row below it: either the title or the rows are wrong."""
    title_years = validator.layout.title_years()
    if title_years and years and not title_years & years:
        row_years = ", ".join(str(year) for year in sorted(years))
        text = f"{min(title_years)} / {row_years}"
        line = validator.layout.titles[0].line
        yield SheetNote(sheet=validator.sheet, line=line, kind="title_year_differs", text=text)
