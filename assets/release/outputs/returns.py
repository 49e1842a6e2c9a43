"""Returns: the rejected rows of every sender, as they were sent, the reason beside, to be corrected and sent again.

Here: whose a row is, and the two files that go back, a workbook and CSV. Not here: why a row is rejected, and how a
corrected one is recognised (assets.intake).
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, TextIO

import xlsxwriter

from assets.core.text import escape_formula, normalise_name
from assets.release.outputs.fast_worksheet import TextPage
from assets.warehouse.connection import Connection

FOLDER = "returns"
# The columns that we add; intake knows them by these names, and passes over all but the first.
ID_HEADER, REASON_ZH, REMEDY_ZH = "退回编号", "退回原因", "处理办法"
REASON_EN, REMEDY_EN = "return_reason", "return_remedy"
OURS = (ID_HEADER, REASON_ZH, REMEDY_ZH, REASON_EN, REMEDY_EN)
_RESERVED = {*OURS, "return_id"}
REFUSED = "整个退回的文件.csv"
_REFUSED_COLUMNS = ("文件 file", "工作表 sheet", "行 line", REASON_ZH, REMEDY_ZH, REASON_EN, REMEDY_EN)

MOST_ROWS = 1_048_576
_MOST_COLUMNS = 16_384
_LONGEST_NAME = 60
_LONGEST_SHEET = 31
# Behind the number of a row in CSV: twelve digits, or digits with an e, would be a number to Excel and come back as 3.
_NO_NUMBER = "\t"
_WHOLE = 0  # a fault of the whole row has no position
_ROWS_AT_ONCE = 10_000
# A workbook is put together of ten files, made and taken away again; where its CSV is no larger than this, in memory.
_SMALL_BYTES = 1 << 20
# The same rows give the same bytes, whenever they are written.
_CREATED = datetime(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class ReturnSheet:
    """A sheet as it was sent: the cells that are the sender's own, and where the place of a row is named."""

    dataset: str
    file: str
    file_sha256: str
    name: str | None
    delimiter: str
    headers: tuple[str, ...]
    kept: tuple[int, ...]
    place: int | None

    def cells(self, text: str) -> list[str]:
        """The sender's cells of a row; those beyond the header too. A row that cannot be split is one cell."""
        cells = _split(text, self.delimiter)
        if cells is None or len(cells) > _MOST_COLUMNS - len(OURS):
            return [text]
        sent = len(self.headers)
        return [*(cells[index] for index in self.kept if index < len(cells)), *cells[sent:]]

    def column(self, position: int) -> int:
        """Where the cell at this position of the row as sent stands among the sender's cells, from 1."""
        if position > len(self.headers):
            return position - len(self.headers) + len(self.kept)
        return self.kept.index(position - 1) + 1 if position - 1 in self.kept else _WHOLE

    def header(self, position: int | None) -> str | None:
        """The sender's own word for the column at this position."""
        return self.headers[position - 1] if position is not None and position <= len(self.headers) else None

    @property
    def own_headers(self) -> list[str]:
        return [self.headers[index] for index in self.kept]


class _Fault(NamedTuple):
    """One fault of a rejected row, as intake.rejects has it."""

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
    """One rejected row on its way back; `bad` are the positions of its bad cells, `_WHOLE` among them for all."""

    return_id: str
    texts: tuple[str, str, str, str]
    cells: tuple[str, ...]
    bad: frozenset[int]


def write_returns(connection: Connection, folder: Path, most_rows: int = MOST_ROWS) -> list[Path]:
    """Write every return of the candidate below `folder/returns`; return the files, none where nothing is rejected.

    Reads intake.rejects, intake.sheets and the registry. A sheet of a workbook holds `most_rows` with its header;
    what does not fit goes on in another.
    """
    target = folder / FOLDER
    senders = Senders.read(connection)
    sheets = _read_sheets(connection)
    written: list[Path] = []
    for (dataset, name, sha256), rows in groupby(_unresolved_rows(connection), key=lambda faults: faults[0][:3]):
        owner, stem = senders.of_folder(name), Path(name).stem
        with _File(target, dataset, name, sha256, most_rows) as file:
            for faults in rows:
                sheet = sheets[dataset, name, sha256, faults[0].sheet]
                row = _returned(faults, sheet)
                file.write(owner or senders.of_place(sheet, row.cells) or stem, sheet, row)
        written += file.paths
    return sorted([*written, *_write_refused(connection, target, senders)])


def _unresolved_rows(connection: Connection) -> Iterator[list[_Fault]]:
    """Every rejected row that was not mended since, as its faults, in the order of the files."""
    found = connection.cursor().execute(
        f"""
        select {", ".join(_Fault._fields)} from intake.rejects
        where line is not null and raw_row is not null and not coalesce(is_resolved, false)
        order by dataset, file_sha256, file, sheet nulls first, line, error_number
        """
    )
    for _, faults in groupby(_streamed(found), key=lambda fault: fault[:5]):
        yield list(faults)


def _streamed(found: Connection) -> Iterator[_Fault]:
    while rows := found.fetchmany(_ROWS_AT_ONCE):
        yield from map(_Fault._make, rows)


def _returned(faults: Sequence[_Fault], sheet: ReturnSheet) -> ReturnedRow:
    about = [sheet.header(fault.position) or fault.column_name for fault in faults]
    texts = (
        _told(about, [fault.reason_zh for fault in faults]),
        _told(about, [fault.remedy_zh for fault in faults]),
        _told(about, [fault.reason_en for fault in faults]),
        _told(about, [fault.remedy_en for fault in faults]),
    )
    bad = frozenset(_WHOLE if fault.position is None else sheet.column(fault.position) for fault in faults)
    return ReturnedRow(faults[0].return_id, texts, tuple(sheet.cells(faults[0].raw_row)), bad)


def _told(about: Sequence[str | None], texts: Sequence[str]) -> str:
    """The reasons, or the remedies, of a row: numbered where there are several, so that the two go together."""
    told = [f"{column}: {text}" if column else text for column, text in zip(about, texts, strict=True)]
    return told[0] if len(told) == 1 else "\n".join(f"{number}. {text}" for number, text in enumerate(told, start=1))


# --- whose is it ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Senders:
    """Who gets what back: the subfolder in which a file lay, else the city that a row names, else the file's name."""

    cities: Mapping[str, str]

    @classmethod
    def read(cls, connection: Connection) -> Senders:
        rows = connection.execute(
            """
            select city_code, name_zh from reference.cities
            union select name_zh, name_zh from reference.cities
            union select short_zh, name_zh from reference.cities
            union select name_en, name_zh from reference.cities
            union select alias, name_zh from reference.aliases inner join reference.cities using (city_code)
            """
        ).fetchall()
        return cls({normalise_name(form): name for form, name in rows})

    def of_file(self, file: str) -> str:
        """The sender of a file as a whole."""
        return self.of_folder(file) or Path(file).stem

    def of_place(self, sheet: ReturnSheet, cells: Sequence[str]) -> str | None:
        """The city that a row names, where it is known."""
        place = sheet.place
        return self._city(cells[place]) if place is not None and place < len(cells) else None

    def of_folder(self, file: str) -> str | None:
        """The folder below that of the dataset; a city by its one name, however the folder spells it."""
        parts = Path(file).parts
        return (self._city(parts[1]) or parts[1]) if len(parts) > 2 else None

    def _city(self, text: str) -> str | None:
        return self.cities.get(normalise_name(text))


# --- what was sent ----------------------------------------------------------------------------------------------


def _read_sheets(connection: Connection) -> dict[tuple[str, str, str, str | None], ReturnSheet]:
    """The sheets as they were sent, by dataset, file, content and name."""
    places = {
        dataset: {_written(form) for form in (name, zh, *(aliases or "").split("、")) if form}
        for dataset, name, zh, aliases in connection.execute(
            "select dataset, column_name, name_zh, aliases from intake.contracts where type = 'place'"
        ).fetchall()
    }
    rows = connection.execute(
        "select dataset, file, file_sha256, sheet, delimiter, header_text from intake.sheets"
    ).fetchall()
    return {row[:4]: _sheet(row, places.get(row[0], set())) for row in rows}


def _sheet(row: Sequence[Any], places: set[str]) -> ReturnSheet:
    dataset, file, sha256, name, delimiter, header = row
    headers = tuple(_split(header or "", delimiter or ",") or [header])
    # A returned file that was sent again carries our columns; they are written anew.
    kept = tuple(index for index, text in enumerate(headers) if _written(text) not in _RESERVED)
    place = next((number for number, index in enumerate(kept) if _written(headers[index]) in places), None)
    return ReturnSheet(dataset, file, sha256, name, delimiter or ",", headers, kept, place)


def _split(text: str, delimiter: str) -> list[str] | None:
    """The cells of one CSV record; None where it cannot be split, or is no single record."""
    if text and len(text) <= csv.field_size_limit() and not any(sign in text for sign in '"\r\n'):
        return text.split(delimiter)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None


def _written(header: str) -> str:
    return "".join(unicodedata.normalize("NFKC", header).split()).casefold()


# --- the files --------------------------------------------------------------------------------------------------


class _File:
    """The returns of one file that was sent: a workbook for each sender, and a CSV file for each sheet of it."""

    def __init__(self, target: Path, dataset: str, file: str, file_sha256: str, most_rows: int) -> None:
        self._target, self._dataset, self._most_rows = target, dataset, most_rows
        self._stem = f"{_as_name(Path(file).stem)}.{file_sha256[:8]}"
        self._workbooks: dict[str, _Workbook] = {}
        self.paths: list[Path] = []

    def __enter__(self) -> _File:
        return self

    def write(self, sender: str, sheet: ReturnSheet, row: ReturnedRow) -> None:
        if sender not in self._workbooks:
            folder = self._target / _as_name(sender) / _as_name(self._dataset)
            folder.mkdir(parents=True, exist_ok=True)
            self._workbooks[sender] = _Workbook(folder / self._stem, self._most_rows)
        self._workbooks[sender].write(sheet, row)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for workbook in self._workbooks.values():
            self.paths += workbook.close()


class _Workbook:
    """One return: the workbook, and beside it a CSV file for each of its sheets; rows are written as they come."""

    def __init__(self, stem: Path, most_rows: int, small_bytes: int = _SMALL_BYTES) -> None:
        self._stem, self._most_rows, self._small_bytes = stem, most_rows, small_bytes
        path = stem.with_name(f"{stem.name}.xlsx")
        settings = {"constant_memory": True, "strings_to_formulas": False, "tmpdir": str(stem.parent)}
        self._book = xlsxwriter.Workbook(str(path), settings)
        self._book.set_properties({"created": _CREATED})
        # Cells are text: what is typed over them is read as it is seen, and what looks like a formula stays what it is.
        plain = {"num_format": "@", "valign": "top"}
        self._plain = self._book.add_format(plain)
        self._ours = [self._plain, *[self._book.add_format({**plain, "text_wrap": True})] * 4]
        self._bad = self._book.add_format({**plain, "bg_color": "#FFC7CE", "font_color": "#9C0006"})
        self._bold = self._book.add_format({**plain, "bold": True, "bg_color": "#D9E1F2", "bottom": 1})
        self._paths = [path]
        self._names: set[str] = set()
        self._sheet: ReturnSheet | None = None
        self._page: Any = None
        self._stream: TextIO | None = None
        self._lines: Any = None
        self._rows = 0

    def write(self, sheet: ReturnSheet, row: ReturnedRow) -> None:
        if sheet is not self._sheet or self._rows >= self._most_rows:
            self._begin(sheet)
        reason_zh, remedy_zh, reason_en, remedy_en = row.texts
        ours = (row.return_id, reason_zh, remedy_zh, reason_en, remedy_en)
        formats = [*self._ours, *[self._bad if _WHOLE in row.bad else self._plain] * len(row.cells)]
        # A cell may be bad because it is not there.
        formats += [None] * (max(row.bad, default=_WHOLE) - len(row.cells))
        for number in row.bad - {_WHOLE}:
            formats[len(OURS) + number - 1] = self._bad
        self._put([*ours, *row.cells], formats, f"{row.return_id}{_NO_NUMBER}")

    def _begin(self, sheet: ReturnSheet) -> None:
        name = self._free_name(sheet.name or "退回")
        self._sheet, self._rows = sheet, 0
        self._page = self._book.add_worksheet(name, TextPage)
        self._page.freeze_panes(1, 1)
        self._page.ignore_errors({"number_stored_as_text": f"A1:XFD{MOST_ROWS}"})
        for first, last, width in ((0, 0, 15), (1, 4, 36), (5, len(OURS) + len(sheet.kept), 16)):
            self._page.set_column(first, last, width, self._plain)
        self._end_csv()
        suffix = "" if sheet.name is None and len(self._names) == 1 else f".{_as_name(name)}"
        path = self._stem.with_name(f"{self._stem.name}{suffix}.csv")
        self._paths.append(path)
        self._stream = path.open("w", encoding="utf-8-sig", newline="")
        self._lines = csv.writer(self._stream, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        self._put([*OURS, *sheet.own_headers], [self._bold] * (len(OURS) + len(sheet.kept)), ID_HEADER)

    def _put(self, cells: list[str], formats: Sequence[Any], first: str) -> None:
        """One row into both files; `first` is its first cell in CSV."""
        self._lines.writerow([first, *map(escape_formula, cells[1:])])
        self._page.write_texts(self._rows, cells, formats)
        self._rows += 1

    def _free_name(self, wanted: str) -> str:
        """A name that a sheet may have, and that no other sheet of the workbook has, whatever its case."""
        base = re.sub(r"[\[\]:*?/\\\x00-\x1f]", "_", wanted).strip("'")[:_LONGEST_SHEET] or "_"
        name, number = base, 1
        while name.casefold() in self._names:
            number += 1
            suffix = f" ({number})"
            name = base[: _LONGEST_SHEET - len(suffix)] + suffix
        self._names.add(name.casefold())
        return name

    def _end_csv(self) -> None:
        if self._stream is not None:
            self._stream.close()

    def close(self) -> list[Path]:
        self._end_csv()
        self._book.in_memory = sum(path.stat().st_size for path in self._paths[1:]) <= self._small_bytes
        self._book.close()
        return self._paths


def _write_refused(connection: Connection, target: Path, senders: Senders) -> list[Path]:
    """For each sender the files that were refused as a whole: there are no rows to give back, but there is a reason."""
    rows = connection.execute(
        """
        select rejects.file, rejects.sheet, rejects.line, reason_zh, remedy_zh, reason_en, remedy_en
        from intake.rejects as rejects
        inner join intake.files as files using (dataset, file_sha256)
        where files.status = 'refused' and not coalesce(is_resolved, false)
        order by rejects.dataset, rejects.file, rejects.file_sha256, error_number
        """
    ).fetchall()
    by_sender: dict[str, list[Sequence[object]]] = {}
    for row in rows:
        by_sender.setdefault(senders.of_file(row[0]), []).append(row)
    return [_write_list(target / _as_name(sender) / REFUSED, told) for sender, told in by_sender.items()]


def _write_list(path: Path, rows: Iterable[Sequence[object]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        writer.writerow(_REFUSED_COLUMNS)
        for row in rows:
            writer.writerow([escape_formula("" if cell is None else str(cell)) for cell in row])
    return path


def _as_name(text: str) -> str:
    """A name that any system takes for one folder or file and nothing else; told apart where signs were taken out."""
    name = re.sub(r'[<>:"/\\|?*\x00-\x1f\x7f]', "_", text).strip(" .")[:_LONGEST_NAME].strip(" .")
    mark = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:6]
    return name if name == text else f"{name}~{mark}"
