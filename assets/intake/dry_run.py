"""Dry run: what a run would do with a file, before it is sent.

Here: the choice of the dataset by the headers, the outcome of one file, and what it was read as. The file is opened
once and read where it is: on Linux nothing is copied, and the data directory is not written. Not here: how files are
parsed (assets.intake.file_parser), the output (pipelines.cli.render.check).
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, fields, replace
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from assets.core.errors import Issue, UsageError
from assets.core.files import hash_file
from assets.core.i18n import Language
from assets.core.inbox_files import EntryChangedError, EntryUnreadableError, escape_path, is_ignored, open_inbox_file
from assets.core.settings import Limits
from assets.intake.file_parser import FileParser, HeaderCount, ParseResult
from assets.intake.read_back import ColumnReading, UnscoredFigures, find_unscored, read_columns
from assets.intake.readers.encoding import FileRejectedError
from assets.intake.readers.reader_process import WorkbookReader, read_in_new_process
from assets.intake.readers.sheet_writer import WorkbookSheet
from assets.intake.receipts import temp_files
from assets.intake.receipts.archive import find_refusal
from assets.intake.receipts.receipts import KnownContent, SheetColumn, SheetNote, SheetSummary, find_known_content
from assets.intake.tables.contracts import Contract
from assets.intake.values.lookups import read_lookups
from assets.warehouse.connection import Connection, connect_in_memory, quote_literal

Row = dict[str, Any]
MAX_FIRST = 3
_CHECK_FOLDER = "check"
# Linux has a path for each open file, which the process of the reader can open too.
_OPEN_FILES = Path("/proc")
# A single known word is no header row.
_MIN_HEADERS = 2


@dataclass(frozen=True, slots=True)
class RowError:
    """One error and the row that would be rejected for it; an error of the file as a whole has no row."""

    sheet: str | None
    line: int | None
    column_name: str | None
    code: str
    actual: str
    expected: str
    reason_zh: str
    reason_en: str
    remedy_zh: str
    remedy_en: str
    raw_row: str | None

    def reason(self, language: Language) -> str:
        """Return what is wrong."""
        return self.reason_zh if language == "zh" else self.reason_en

    def remedy(self, language: Language) -> str:
        """Return what to do about it."""
        return self.remedy_zh if language == "zh" else self.remedy_en


@dataclass(frozen=True, slots=True)
class FaultGroup:
    """The errors of one kind in one column, or of a row or the file as a whole: their number and the first ones."""

    code: str
    column_name: str | None
    count: int
    first: tuple[RowError, ...]


@dataclass(frozen=True, slots=True)
class DryRunResult:
    """What a run would do with one file.

    Attributes:
        file: the path as it was given.
        dataset: the dataset as which it was read; None where its headers fit none better than the others.
        guess: the headers by which the dataset was guessed; None where it was given.
        status: read or refused.
        rows_read: rows_accepted + rows_aggregate + rows_rejected.
        rows_set_aside: rows with data that are not read, because they are hidden or struck out.
        faults: what is wrong with the rejected rows, or with the file as a whole, the most frequent kind first.
        errors: every single error; of rejected rows only where they were asked for.
        titles: the header by which offices know each column of the dataset.
        sheets: how each sheet was read, with the account of its rows.
        notes: what the file says beside its rows, and how they were treated.
        columns: the accepted figures by column.
        unscored: the accepted figures that will not score.
        known: what is known of the same bytes in the data directory; None where they never arrived.
        rows: the accepted rows of cities, where they were asked for.
    """

    file: str
    dataset: str | None
    guess: HeaderCount | None
    status: str
    rows_read: int = 0
    rows_blank: int = 0
    rows_skipped: int = 0
    rows_accepted: int = 0
    rows_aggregate: int = 0
    rows_rejected: int = 0
    rows_set_aside: int = 0
    faults: tuple[FaultGroup, ...] = ()
    errors: tuple[RowError, ...] = ()
    titles: Mapping[str, str] = field(default_factory=dict)
    sheets: tuple[SheetSummary, ...] = ()
    notes: tuple[SheetNote, ...] = ()
    columns: tuple[ColumnReading, ...] = ()
    unscored: tuple[UnscoredFigures, ...] = ()
    known: KnownContent | None = None
    rows: tuple[Row, ...] | None = None

    @property
    def is_clean(self) -> bool:
        """Whether a run would accept every row."""
        return self.status == "read" and not self.faults


@dataclass(frozen=True, slots=True)
class _OpenedFile:
    """A file by the name that its sender gave it, and by a path to its content, whatever has that name by then."""

    path: Path
    content: Path


@dataclass(frozen=True)
class DryRun:
    """The check of files against the contracts and the registry of a data directory.

    Attributes:
        lake: holds the receipts of the files that arrived; it may be missing.
        models: by dataset the select that turns accepted rows into observations; without it the result does not say
            which figures will not score.
        with_errors: whether results have every error of the rejected rows.
        with_rows: whether results have the accepted rows.
        read_workbook: the reader of workbooks.
    """

    contracts: Mapping[str, Contract]
    registry: Connection
    limits: Limits
    lake: Path
    models: Mapping[str, str]
    with_errors: bool = True
    with_rows: bool = False
    read_workbook: WorkbookReader = read_in_new_process

    def check(self, file: Path, dataset: str | None = None) -> DryRunResult:
        """Return what a run would do with a file; without a dataset, as that of the largest share of known headers.

        Raises:
            UsageError: there is no such file or dataset, or the headers fit several datasets.
        """
        if dataset is not None and dataset not in self.contracts:
            raise UsageError(Issue("unknown_dataset", dataset, ", ".join(self.contracts)))
        try:
            refusal = find_refusal(file, self.limits)
        except OSError as error:
            raise UsageError(Issue("missing_file", str(file))) from error
        if file.is_dir() and not file.is_symlink():
            raise UsageError(Issue("missing_file", str(file)))
        if is_ignored(file.name):
            return _refused(file, dataset, [Issue("file_ignored", file.name)])
        if refusal is not None:
            return _refused(file, dataset, [refusal])
        try:
            with _open_once(file, self.limits) as opened, _read_once(self.read_workbook) as read_workbook:
                result = self._check(opened, dataset, read_workbook)
                known = self._find_known(opened, result.dataset)
        except (EntryChangedError, EntryUnreadableError) as error:
            code = "file_changed" if isinstance(error, EntryChangedError) else "file_unreadable"
            return _refused(file, dataset, [Issue(code)])
        contract = self.contracts.get(result.dataset or "")
        titles = {name: column.title for name, column in contract.columns.items()} if contract is not None else {}
        return replace(result, titles=titles, known=known)

    def _find_known(self, file: _OpenedFile, dataset: str | None) -> KnownContent | None:
        folder = self.lake / (dataset or "")
        if dataset is None or not folder.is_dir():
            return None
        return find_known_content(folder, hash_file(file.content))

    def _check(self, file: _OpenedFile, dataset: str | None, read_workbook: WorkbookReader) -> DryRunResult:
        if dataset is not None:
            return self._parse(file, self.contracts[dataset], None, read_workbook)
        counts = {name: self._count_headers(file, contract, read_workbook) for name, contract in self.contracts.items()}
        best = max(counts.values(), key=_share)
        names = [name for name, count in counts.items() if _share(count) == _share(best)]
        results = [self._parse(file, self.contracts[name], counts[name], read_workbook) for name in names]
        fitting = [result for result in results if result.status == "read"] or results
        if len(fitting) == 1:
            return fitting[0]
        if fitting[0].status == "read":
            datasets = ", ".join(str(result.dataset) for result in fitting)
            raise UsageError(Issue("ambiguous_dataset", str(file.path), datasets))
        return _nearest(fitting)

    def _count_headers(self, file: _OpenedFile, contract: Contract, read_workbook: WorkbookReader) -> HeaderCount:
        with connect_in_memory() as connection, suppress(FileRejectedError):
            parser = self._parser(contract, connection, read_workbook)
            return parser.count_headers(file.content, _sent_name(file.path, contract))
        return HeaderCount(0, 0)

    def _parser(self, contract: Contract, connection: Connection, read_workbook: WorkbookReader) -> FileParser:
        return FileParser(connection, contract, read_lookups(self.registry, contract), self.limits, read_workbook)

    def _parse(
        self, file: _OpenedFile, contract: Contract, guess: HeaderCount | None, read_workbook: WorkbookReader
    ) -> DryRunResult:
        with _work_folder() as folder, connect_in_memory() as connection:
            connection.execute(f"set temp_directory = {quote_literal(folder / 'spill')}")
            accepted, rejects = folder / "accepted.parquet", folder / "rejects.parquet"
            parser = self._parser(contract, connection, read_workbook)
            try:
                parsed = parser.parse(file.content, _sent_name(file.path, contract), accepted, rejects)
            except FileRejectedError as error:
                return _refused(file.path, contract.dataset, error.issues, guess)
            counts: dict[str, Any] = dict(parsed.counts)
            return DryRunResult(
                file=str(file.path),
                dataset=contract.dataset,
                guess=guess,
                status="read",
                **counts,
                rows_set_aside=sum(sheet.account.set_aside for sheet in parsed.sheets if sheet.account),
                faults=_group_errors(connection, rejects),
                errors=_read_errors(connection, rejects) if self.with_errors else (),
                sheets=tuple(parsed.sheets),
                notes=tuple(parsed.notes),
                columns=tuple(read_columns(self.registry, contract, accepted, _columns(parsed))),
                unscored=self._unscored(contract, accepted),
                rows=_read_rows(contract, accepted, file.path.name) if self.with_rows else None,
            )

    def _unscored(self, contract: Contract, accepted: Path) -> tuple[UnscoredFigures, ...]:
        model = self.models.get(contract.dataset)
        return () if model is None else tuple(find_unscored(self.registry, contract.table(), accepted, model))


@contextmanager
def _open_once(path: Path, limits: Limits) -> Iterator[_OpenedFile]:
    """Open a file as a run opens one of the inbox, so that all reads are of this one content.

    Raises:
        EntryChangedError: something else has its name by now, or its content changed while it was open.
        EntryUnreadableError: it cannot be opened.
    """
    with open_inbox_file(path.parent, (path.name,)) as stream:
        before = os.fstat(stream.fileno())
        if before.st_size > limits.file_bytes:
            raise EntryChangedError(errno.EFBIG, "grown", str(path))
        content = _OPEN_FILES / str(os.getpid()) / "fd" / str(stream.fileno())
        if content.exists():
            yield _OpenedFile(path, content)
        else:
            with _work_folder() as folder:
                content = folder / "content"
                with content.open("wb") as copy:
                    shutil.copyfileobj(stream, copy)
                yield _OpenedFile(path, content)
        after = os.fstat(stream.fileno())
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise EntryChangedError(errno.ESTALE, "changed", str(path))


@contextmanager
def _read_once(reader: WorkbookReader) -> Iterator[WorkbookReader]:
    """A reader that reads a workbook only once, for all datasets that it is compared with."""
    with _work_folder() as folder:

        @cache
        def read(file: Path, limits: Limits) -> list[WorkbookSheet] | FileRejectedError:
            try:
                return reader(file, limits, folder)
            except FileRejectedError as error:
                return error

        def read_or_raise(file: Path, limits: Limits, _: Path) -> list[WorkbookSheet]:
            sheets = read(file, limits)
            if isinstance(sheets, FileRejectedError):
                raise sheets
            return sheets

        yield read_or_raise


@contextmanager
def _work_folder() -> Iterator[Path]:
    """A temporary folder for the results; what a killed check left is deleted."""
    parent = Path(tempfile.gettempdir())
    temp_files.remove_stale(parent, _CHECK_FOLDER)
    with tempfile.TemporaryDirectory(dir=parent, prefix=temp_files.temp_prefix(_CHECK_FOLDER)) as folder:
        yield Path(folder)


def _sent_name(file: Path, contract: Contract) -> str:
    """The name of the file as if its folder were the one of its sender in the inbox."""
    return escape_path((contract.dataset, file.absolute().parent.name, file.name))


def _share(count: HeaderCount) -> float:
    return count.known / count.cells if count.known >= _MIN_HEADERS else 0.0


def _nearest(results: Sequence[DryRunResult]) -> DryRunResult:
    """Of datasets that all refuse a file the one with the fewest errors; no dataset where all have the same errors."""
    nearest = min(results, key=lambda result: len(result.errors))
    is_undecided = len(results) > 1 and all(result.errors == nearest.errors for result in results)
    return replace(nearest, dataset=None, guess=None) if is_undecided else nearest


def _refused(
    file: Path, dataset: str | None, issues: Sequence[Issue], guess: HeaderCount | None = None
) -> DryRunResult:
    errors = tuple(map(_file_error, issues))
    by_kind: dict[tuple[str, str | None], list[RowError]] = {}
    for error in errors:
        by_kind.setdefault((error.code, error.column_name), []).append(error)
    groups = (FaultGroup(*kind, len(group), tuple(group[:MAX_FIRST])) for kind, group in by_kind.items())
    faults = tuple(sorted(groups, key=lambda group: -group.count))
    return DryRunResult(str(file), dataset, guess, "refused", faults=faults, errors=errors)


def _file_error(issue: Issue) -> RowError:
    texts = (issue.reason("zh"), issue.reason("en"), issue.remedy("zh"), issue.remedy("en"))
    return RowError(issue.sheet, issue.line, issue.column, issue.code, issue.actual, issue.expected, *texts, None)


def _columns(parsed: ParseResult) -> list[SheetColumn]:
    """The columns of the contract that some sheet has, each once with all its units."""
    by_name: dict[str, SheetColumn] = {}
    for column in (column for sheet in parsed.sheets for column in sheet.columns):
        first = by_name.setdefault(column.column, column)
        units = dict.fromkeys(unit for unit in (first.unit, column.unit) if unit)
        by_name[column.column] = first.model_copy(update={"unit": ", ".join(units) or None})
    return list(by_name.values())


_ERROR_CELLS = ", ".join(column.name for column in fields(RowError))


def _read_errors(connection: Connection, rejects: Path) -> tuple[RowError, ...]:
    rows = connection.execute(
        f"select {_ERROR_CELLS} from read_parquet({quote_literal(rejects)}) "
        "order by sheet nulls first, line, error_number"
    )
    return tuple(RowError(*row) for row in rows.fetchall())


def _group_errors(connection: Connection, rejects: Path) -> tuple[FaultGroup, ...]:
    """The errors by kind and column; only the first of each kind become objects, however many there are."""
    place = "sheet nulls first, line, error_number"
    rows = connection.execute(
        f"""
        with numbered as (
            select *, count(*) over (partition by code, column_name) as errors,
                row_number() over (partition by code, column_name order by {place}) as number
            from read_parquet({quote_literal(rejects)})
        )
        select errors, {_ERROR_CELLS} from numbered
        where number <= {MAX_FIRST}
        order by errors desc, code, column_name nulls first, number
        """
    ).fetchall()
    errors = ((count, RowError(*row)) for count, *row in rows)
    return tuple(
        FaultGroup(code, column, count, tuple(error for _, error in group))
        for (count, code, column), group in groupby(
            errors, key=lambda entry: (entry[0], entry[1].code, entry[1].column_name)
        )
    )


def _read_rows(contract: Contract, accepted: Path, file_name: str) -> tuple[Row, ...]:
    """The accepted rows of cities: code of the city, year, the columns of the contract, file, sheet and line.

    A column of the place has the code of the city.
    """
    table = pq.read_table(accepted)
    return tuple(
        {
            "city_code": row["city_code"],
            "year": None,
            **{name: row["city_code"] if name not in row else _plain_number(row[name]) for name in contract.columns},
            "file": file_name,
            "sheet": row["sheet"],
            "line": row["line"],
        }
        for row in table.filter(pc.is_null(table["province_code"])).to_pylist()
    )


def _plain_number(value: object) -> object:
    """A whole number without a decimal point."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
