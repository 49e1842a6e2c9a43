"""Returns: the rejected rows of each sender as they were sent, with reason and remedy, to be corrected and sent again.

Here: who gets a row back, and the files that are returned, a workbook and CSV. Not here: why a row is rejected, and how
a corrected row is recognised (assets.intake).
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import xlsxwriter

from assets.core.text import escape_formula, normalise_name
from assets.release.outputs.excel_limits import FIXED_CREATION_TIME, MAX_COLUMNS, MAX_ROWS, SheetNames, fit_cell_text
from assets.release.outputs.workbook.cell_styles import FONT, FONT_SIZE
from assets.release.outputs.workbook.sheet import row_height, set_up_print
from assets.release.publish.file_names import DEVICE_NAMES
from assets.warehouse.connection import Connection

FOLDER = "returns"
# The columns that a return adds; intake knows them by these names and ignores all but the first.
ID_HEADER, REASON_ZH, REMEDY_ZH = "退回编号", "退回原因", "处理办法"
REASON_EN, REMEDY_EN = "return_reason", "return_remedy"
ADDED_HEADERS = (ID_HEADER, REASON_ZH, REMEDY_ZH, REASON_EN, REMEDY_EN)
_RESERVED = {*ADDED_HEADERS, "return_id"}
REFUSED = "整个退回的文件.csv"
_REFUSED_HEADERS = ("文件 file", "工作表 sheet", "行 line", REASON_ZH, REMEDY_ZH, REASON_EN, REMEDY_EN)

_MAX_NAME_CHARACTERS = 60
_CUT_NOTE = "…（全文见 CSV, in full in the CSV）"
# Follows the return id in CSV: Excel would read twelve digits, or digits with an e, as a number and change them.
_TEXT_MARK = "\t"
_WHOLE_ROW = 0  # the column of an error that has no position
_ROWS_PER_BLOCK = 10_000
# The widths of the number, of a reason or remedy, and of a cell of the sender.
_ID_WIDTH, _TEXT_WIDTH, _CELL_WIDTH = 13, 24, 10


@dataclass(frozen=True, slots=True)
class ReturnSheet:
    """A sheet as it was sent.

    Attributes:
        headers: all headers of the file.
        kept: indexes of the headers that are not columns of an earlier return.
        place: index, among the kept cells, of the column that names the city.
    """

    name: str | None
    delimiter: str
    headers: tuple[str, ...]
    kept: tuple[int, ...]
    place: int | None

    def cells(self, text: str) -> list[str]:
        """Return the sender's cells of a row, with those beyond the header; a row that cannot be split is one cell."""
        cells = _split(text, self.delimiter)
        if cells is None or len(cells) > MAX_COLUMNS - len(ADDED_HEADERS):
            return [text]
        return [*(cells[index] for index in self.kept if index < len(cells)), *cells[len(self.headers) :]]

    def column(self, position: int | None) -> int:
        """Return which of the sender's cells, from 1, is at this position of the row as sent, or `_WHOLE_ROW`."""
        if position is None:
            return _WHOLE_ROW
        if position > len(self.headers):
            return position - len(self.headers) + len(self.kept)
        return self.kept.index(position - 1) + 1 if position - 1 in self.kept else _WHOLE_ROW

    def header(self, position: int | None) -> str | None:
        """Return the sender's header of the column at this position."""
        return self.headers[position - 1] if position is not None and position <= len(self.headers) else None


class _RowError(NamedTuple):
    """One error of a rejected row, as in intake.rejects."""

    dataset: str
    file: str
    file_sha256: str
    sheet: str | None
    line: int
    return_id: str
    position: int | None
    column_name: str | None
    reason_zh: str
    remedy_zh: str
    reason_en: str
    remedy_en: str
    raw_row: str


@dataclass(frozen=True, slots=True)
class ReturnedRow:
    """A rejected row to be returned.

    Attributes:
        added: the cells of `ADDED_HEADERS`.
        cells: the sender's cells.
        bad: columns of the bad cells, counted from 1; `_WHOLE_ROW` marks all.
    """

    added: tuple[str, ...]
    cells: tuple[str, ...]
    bad: frozenset[int]


def write_returns(connection: Connection, folder: Path, most_rows: int = MAX_ROWS) -> list[Path]:
    """Write the returns of the candidate below `folder/returns`, and return the files; none where nothing is rejected.

    Reads intake.rejects, intake.sheets, intake.files, intake.file_arrivals, intake.contracts, reference.cities
    and reference.aliases. A sheet with `most_rows`, its header included, continues on another one.

    Raises:
        KeyError: a rejected row is from a sheet that intake.sheets does not list.
    """
    target = folder / FOLDER
    senders = Senders.read(connection)
    sheets = _read_sheets(connection)
    paths: list[Path] = []
    for (dataset, file, sha256), rows in groupby(_unresolved_rows(connection), key=lambda errors: errors[0][:3]):
        owners, stem = senders.of_file(dataset, file, sha256), Path(file).stem
        name = f"{_safe_name(stem)}.{sha256[:8]}"
        workbooks: dict[str, _ReturnWorkbook] = {}
        with ExitStack() as stack:
            for errors in rows:
                sheet = sheets[dataset, file, sha256, errors[0].sheet]
                row = _returned_row(errors, sheet)
                for sender in (owner or senders.of_place(sheet, row.cells) or stem for owner in owners):
                    if sender not in workbooks:
                        parent = target / _safe_name(sender) / _safe_name(dataset)
                        parent.mkdir(parents=True, exist_ok=True)
                        workbooks[sender] = _ReturnWorkbook(parent / name, most_rows)
                        stack.callback(workbooks[sender].close)
                    workbooks[sender].write(sheet, row)
        paths += [path for workbook in workbooks.values() for path in workbook.paths]
    return sorted([*paths, *_write_refused(connection, target, senders)])


def _unresolved_rows(connection: Connection) -> Iterator[list[_RowError]]:
    """Yield the errors of each rejected row that was not corrected since, in the order of the files."""
    cursor = connection.cursor().execute(
        f"""
        select {", ".join(_RowError._fields)} from intake.rejects
        where line is not null and raw_row is not null and not coalesce(is_resolved, false)
        order by dataset, file_sha256, file, sheet nulls first, line, error_number
        """
    )
    blocks = iter(lambda: cursor.fetchmany(_ROWS_PER_BLOCK), [])
    errors = (_RowError._make(row) for block in blocks for row in block)
    for _, row_errors in groupby(errors, key=lambda error: error[:6]):
        yield list(row_errors)


def _returned_row(errors: Sequence[_RowError], sheet: ReturnSheet) -> ReturnedRow:
    columns = [sheet.header(error.position) or error.column_name for error in errors]
    names = ("reason_zh", "remedy_zh", "reason_en", "remedy_en")
    texts = (_number_texts(columns, [getattr(error, name) for error in errors]) for name in names)
    bad = frozenset(sheet.column(error.position) for error in errors)
    return ReturnedRow((errors[0].return_id, *texts), tuple(sheet.cells(errors[0].raw_row)), bad)


def _number_texts(columns: Sequence[str | None], texts: Sequence[str]) -> str:
    """Return the reasons or remedies of a row, numbered where there are several, so that both lists correspond."""
    lines = [f"{column}: {text}" if column else text for column, text in zip(columns, texts, strict=True)]
    return lines[0] if len(lines) == 1 else "\n".join(f"{number}. {text}" for number, text in enumerate(lines, start=1))


# --- senders ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Senders:
    """Who gets a row back: the subfolder of the file, else the city that the row names, else the name of the file.

    Attributes:
        cities: the name of a city by each of its normalised forms.
        arrivals: the names under which a content came, by dataset and sha256: several senders may send the same.
    """

    cities: Mapping[str, str]
    arrivals: Mapping[tuple[str, str], Sequence[str]] = field(default_factory=dict)

    @classmethod
    def read(cls, connection: Connection) -> Senders:
        """Return the senders with the cities of the registry."""
        rows = connection.execute(
            """
            select city_code, name_zh from reference.cities
            union select name_zh, name_zh from reference.cities
            union select short_zh, name_zh from reference.cities
            union select name_en, name_zh from reference.cities
            union select alias, name_zh from reference.aliases inner join reference.cities using (city_code)
            """
        ).fetchall()
        arrivals: dict[tuple[str, str], list[str]] = defaultdict(list)
        sent = "select dataset, file_sha256, file from intake.file_arrivals order by dataset, file_sha256, arrival"
        for dataset, sha256, file in connection.execute(sent).fetchall():
            arrivals[dataset, sha256].append(file)
        return cls({normalise_name(form): name for form, name in rows}, arrivals)

    def of_file(self, dataset: str, file: str, sha256: str) -> list[str | None]:
        """Return the folders from which a file came, each once; None for a file that lay in none."""
        files = [file, *self.arrivals.get((dataset, sha256), ())]
        return list(dict.fromkeys(map(self.of_folder, files)))

    def of_place(self, sheet: ReturnSheet, cells: Sequence[str]) -> str | None:
        """Return the city that a row names, where it is known."""
        place = sheet.place
        return self._city(cells[place]) if place is not None and place < len(cells) else None

    def of_folder(self, file: str) -> str | None:
        """Return the folder below that of the dataset; for a city its name, in whatever form the folder has it."""
        parts = Path(file).parts
        return (self._city(parts[1]) or parts[1]) if len(parts) > 2 else None

    def _city(self, text: str) -> str | None:
        return self.cities.get(normalise_name(text))


# --- sheets as sent ---------------------------------------------------------------------------------------------


def _read_sheets(connection: Connection) -> dict[tuple[str, str, str, str | None], ReturnSheet]:
    """Return the sheets as they were sent, by dataset, file, sha256 and name."""
    places = {
        dataset: {_normalise_header(form) for form in (name, zh, *(aliases or "").split("、")) if form}
        for dataset, name, zh, aliases in connection.execute(
            "select dataset, column_name, name_zh, aliases from intake.contracts where type = 'place'"
        ).fetchall()
    }
    rows = connection.execute(
        "select dataset, file, file_sha256, sheet, delimiter, header_text from intake.sheets"
    ).fetchall()
    return {row[:4]: _return_sheet(row[3], row[4], row[5], places.get(row[0], set())) for row in rows}


def _return_sheet(name: str | None, delimiter: str | None, header: str | None, places: set[str]) -> ReturnSheet:
    headers = tuple(_split(header or "", delimiter or ",") or [header or ""])
    # A return that was sent again has the added columns; they are not copied but written again.
    kept = tuple(index for index, text in enumerate(headers) if _normalise_header(text) not in _RESERVED)
    place = next((number for number, index in enumerate(kept) if _normalise_header(headers[index]) in places), None)
    return ReturnSheet(name, delimiter or ",", headers, kept, place)


def _split(text: str, delimiter: str) -> list[str] | None:
    """Return the cells of one CSV record; None where the text is not exactly one record."""
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None


def _normalise_header(header: str) -> str:
    return "".join(unicodedata.normalize("NFKC", header).split()).casefold()


# --- files ------------------------------------------------------------------------------------------------------


class _ReturnWorkbook:
    """The return of one file to one sender: a workbook and a CSV file per sheet; rows are written as they come."""

    def __init__(self, stem: Path, most_rows: int) -> None:
        self._stem, self._most_rows = stem, most_rows
        path = stem.with_name(f"{stem.name}.xlsx")
        settings = {"constant_memory": True, "strings_to_formulas": False, "tmpdir": str(stem.parent)}
        self._book = xlsxwriter.Workbook(str(path), settings)
        self._book.set_properties({"created": FIXED_CREATION_TIME})
        # Text format: Excel keeps a corrected cell as it is typed.
        plain = {"num_format": "@", "valign": "top", "text_wrap": True, "font_size": FONT_SIZE, **FONT}
        plain |= {"bottom": 4, "bottom_color": "#7F7F7F"}
        self._plain = self._book.add_format(plain)
        self._bad = self._book.add_format({**plain, "bg_color": "#FFC7CE", "font_color": "#9C0006"})
        self._bold = self._book.add_format({**plain, "bold": True, "bg_color": "#D9E1F2", "bottom": 1})
        self.paths = [path]
        self._names = SheetNames()
        self._sheet: ReturnSheet | None = None
        self._worksheet: Any = None
        self._stream: TextIO | None = None
        self._csv: Any = None
        self._row_count = 0

    def write(self, sheet: ReturnSheet, row: ReturnedRow) -> None:
        """Write a row; another sheet than before, or a full one, begins a new worksheet."""
        if sheet is not self._sheet or self._row_count >= self._most_rows:
            self._add_sheet(sheet)
        formats = [
            *[self._plain] * len(ADDED_HEADERS),
            *[self._bad if _WHOLE_ROW in row.bad else self._plain] * len(row.cells),
        ]
        # A cell that is missing in the row may be bad too.
        formats += [None] * (max(row.bad, default=_WHOLE_ROW) - len(row.cells))
        for column in row.bad - {_WHOLE_ROW}:
            formats[len(ADDED_HEADERS) + column - 1] = self._bad
        self._put([*row.added, *row.cells], formats, f"{row.added[0]}{_TEXT_MARK}")

    def close(self) -> None:
        """Complete the files."""
        if self._stream is not None:
            self._stream.close()
        self._book.close()

    def _add_sheet(self, sheet: ReturnSheet) -> None:
        name = self._names.add(sheet.name or "退回")
        headers = [*ADDED_HEADERS, *(sheet.headers[index] for index in sheet.kept)]
        self._worksheet = self._book.add_worksheet(name)
        set_up_print(self._worksheet, is_landscape=True)
        self._worksheet.repeat_rows(0)
        self._worksheet.freeze_panes(1, 1)
        self._worksheet.ignore_errors({"number_stored_as_text": f"A1:XFD{MAX_ROWS}"})
        for first, last in ((0, 0), (1, len(ADDED_HEADERS) - 1), (len(ADDED_HEADERS), len(headers))):
            self._worksheet.set_column(first, last, _width(first), self._plain)
        if self._stream is not None:
            self._stream.close()
        suffix = "" if sheet.name is None and self._sheet is None else f".{_safe_name(name)}"
        path = self._stem.with_name(f"{self._stem.name}{suffix}.csv")
        self.paths.append(path)
        self._stream = path.open("w", encoding="utf-8-sig", newline="")
        self._csv = _csv_writer(self._stream)
        self._sheet, self._row_count = sheet, 0
        self._put(headers, [self._bold] * len(headers), ID_HEADER)

    def _put(self, cells: Sequence[str], formats: Sequence[Any], first: str) -> None:
        """Write one row to both files; `first` is its first cell in CSV."""
        self._csv.writerow([first, *map(escape_formula, cells[1:])])
        self._worksheet.set_row(self._row_count, row_height((text, _width(n)) for n, text in enumerate(cells)))
        for column, (text, style) in enumerate(zip(cells, formats, strict=False)):
            self._worksheet.write_string(self._row_count, column, fit_cell_text(text, _CUT_NOTE), style)
        for column, style in enumerate(formats[len(cells) :], start=len(cells)):
            self._worksheet.write_blank(self._row_count, column, None, style)
        self._row_count += 1


def _width(column: int) -> int:
    return _ID_WIDTH if column == 0 else _TEXT_WIDTH if column < len(ADDED_HEADERS) else _CELL_WIDTH


def _write_refused(connection: Connection, target: Path, senders: Senders) -> list[Path]:
    """Write for each sender a list of the files that were refused: there are no rows to return, but reasons."""
    rows = connection.execute(
        """
        select dataset, file_sha256, rejects.file, rejects.sheet, rejects.line, reason_zh, remedy_zh, reason_en,
            remedy_en
        from intake.rejects as rejects
        inner join intake.files as files using (dataset, file_sha256)
        where files.status = 'refused' and not coalesce(is_resolved, false)
        order by rejects.dataset, rejects.file, rejects.file_sha256, error_number
        """
    ).fetchall()
    by_sender: dict[str, list[Sequence[object]]] = {}
    for dataset, sha256, file, *cells in rows:
        for owner in senders.of_file(dataset, file, sha256):
            by_sender.setdefault(owner or Path(file).stem, [_REFUSED_HEADERS]).append((file, *cells))
    paths = {target / _safe_name(sender) / REFUSED: rows for sender, rows in by_sender.items()}
    for path, lines in paths.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8-sig", newline="") as stream:
            texts = (["" if cell is None else str(cell) for cell in line] for line in lines)
            _csv_writer(stream).writerows(map(escape_formula, line) for line in texts)
    return list(paths)


def _csv_writer(stream: TextIO) -> Any:
    """Return a writer of records as Excel writes them, every cell in quotes."""
    return csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\r\n")


def _safe_name(text: str) -> str:
    """Return a name that every system accepts for one folder or file; a hash keeps changed names different."""
    name = re.sub(r'[<>:"/\\|?*\x00-\x1f\x7f]', "_", text).strip(" .")[:_MAX_NAME_CHARACTERS].strip(" .")
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:6]
    return name if name == text and not DEVICE_NAMES.fullmatch(name) else f"{name}~{digest}"
