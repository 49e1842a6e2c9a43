"""Receipts: one JSON file per input file, which records what became of it.

Here: the models of a receipt, reading receipts, and the files of the lake that belong to one. Not here: reading input
files and writing their receipts (assets.intake.ingest).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import AliasChoices, Field, ValidationError, field_validator

from assets.core.errors import DataError, Issue
from assets.core.files import hash_file
from assets.core.sealed import digest, read_sealed, seal
from assets.core.strict_model import StrictModel
from assets.intake.receipts.archive import UNARCHIVED_REFUSALS
from assets.intake.receipts.arrivals import Arrival, Moment, group_arrivals, sender_folder
from assets.intake.rows.accounts import SheetAccount

# What the names of the results of a file end with: its accepted rows and its rejected rows.
RESULT_SUFFIXES = ("parquet", "rejects.parquet")
# What the column 报送状态 of a form says once all figures of the year were sent, and before.
COMPLETE, INCOMPLETE = "报送完毕", "尚未报齐"

IssueFields = dict[str, str | int | None]


class SheetColumn(StrictModel):
    """A column of a sheet that is one of the contract: its header as sent, and the unit in which its cells are."""

    column: str
    header: str
    unit: str | None


class SheetSummary(StrictModel):
    """How one sheet was read, or why it was passed over.

    `header_text` is its header row as one record with its delimiter. `account` is None in receipts of earlier parsers.
    """

    sheet: str | None
    encoding: str | None
    delimiter: str
    header_line: int | None
    header_text: str | None
    columns: tuple[SheetColumn, ...] = ()
    account: SheetAccount | None = None
    passed_over: IssueFields | None = None

    @property
    def issue(self) -> Issue | None:
        """Why the sheet was passed over; None where it was read."""
        return None if self.passed_over is None else issue_from_dict(self.passed_over)


class SheetNote(StrictModel):
    """A text outside the rows of data (title, footnote), or a treatment of them (converted, unknown_column_kept)."""

    sheet: str | None
    line: int | None
    kind: str
    text: str


class SignOff(StrictModel):
    """What an office signs on a form; it stays in the receipt, because names of people are not published.

    Attributes:
        form_id: the number of the form, None where the file is no form.
        filled_by: who filled it in.
        checked_by: who checked it.
        filled_on: when, as written.
        completion: whether everything was sent (`COMPLETE`), or more is to come.
    """

    form_id: str | None = None
    filled_by: str | None = None
    checked_by: str | None = None
    filled_on: str | None = None
    completion: str | None = None

    @property
    def is_complete(self) -> bool:
        """Whether the office says that everything was sent."""
        return self.completion == COMPLETE


class Receipt(StrictModel):
    """What became of one file; always rows_read = rows_accepted + rows_aggregate + rows_rejected.

    `results` has the sha256 of each result by the suffix of its name. Receipts of lake version 2 have none, so their
    files are read again.

    Receipts of lake version 1 are valid too: they call `rows_aggregate` `rows_set_aside`, and the field `actual` of a
    refusal `found`.
    """

    dataset: str
    file: str
    file_sha256: str
    bytes: int
    recipe: str
    received_at: Moment
    status: Literal["read", "refused"]
    rows_read: int = 0
    rows_blank: int = 0
    rows_skipped: int = 0
    rows_accepted: int = 0
    rows_aggregate: int = Field(default=0, validation_alias=AliasChoices("rows_aggregate", "rows_set_aside"))
    rows_rejected: int = 0
    refusals: tuple[IssueFields, ...] = ()
    sheets: tuple[SheetSummary, ...] = ()
    notes: tuple[SheetNote, ...] = ()
    results: dict[str, str] = Field(default={})
    sign_off: SignOff | None = None
    # They have records of their own, because a receipt is never changed.
    arrivals: tuple[Arrival, ...] = Field(default=(), exclude=True)

    @field_validator("refusals", mode="before")
    @classmethod
    def _rename_actual(cls, refusals: Any) -> Any:
        return tuple(
            {"actual" if name == "found" else name: value for name, value in refusal.items()} for refusal in refusals
        )

    def to_text(self) -> str:
        """Return the content of its file, sealed."""
        return seal(self.model_dump(mode="json"))

    @property
    def checksum(self) -> str:
        """Return the checksum that its file has."""
        return digest(self.model_dump(mode="json"))

    @property
    def stem(self) -> str:
        """How the names of all files of the lake that belong to this receipt begin."""
        return f"{self.file_sha256}.{self.recipe}"

    @property
    def last_received_at(self) -> datetime:
        """When the content was sent last."""
        return max([self.received_at, *(arrival.received_at for arrival in self.arrivals)])

    @property
    def senders(self) -> set[str]:
        """The folders from which the content came."""
        return {sender_folder(file) for file in (self.file, *(arrival.file for arrival in self.arrivals))}

    @property
    def unarchived_refusal(self) -> str | None:
        """Why the bytes are not in the archive, if so (a link, a file above the limit); the file then stays refused."""
        codes = (str(refusal["code"]) for refusal in self.refusals)
        return next((code for code in codes if code in UNARCHIVED_REFUSALS), None)

    @property
    def issues(self) -> tuple[Issue, ...]:
        """Why the file was refused as a whole."""
        return tuple(map(issue_from_dict, self.refusals))


def issue_to_dict(issue: Issue) -> IssueFields:
    """Return an issue as the fields of a receipt."""
    return {name: getattr(issue, name) for name in Issue.__slots__}


def issue_from_dict(fields: IssueFields) -> Issue:
    """Return the issue of the fields of a receipt."""
    return Issue(**fields)  # type: ignore[arg-type]


def read_receipts(folder: Path) -> list[Receipt]:
    """Return the receipts of one dataset, with their later arrivals; of several for one content the last one written.

    Raises:
        DataError: a receipt is damaged.
    """
    files = sorted(folder.glob("*.json"), key=lambda file: (file.stat().st_mtime_ns, file.name))
    by_content, issues, arrivals = {}, [], group_arrivals(folder)
    for file in files:
        receipt = read_receipt(file)
        if receipt is None:
            issues.append(Issue("receipt_damaged", file.name.split(".")[0], file=f"lake/{folder.name}/{file.name}"))
            continue
        later = tuple(arrivals.get(receipt.file_sha256, ()))
        by_content[receipt.file_sha256] = receipt.model_copy(update={"arrivals": later})
    if issues:
        raise DataError(issues)
    return list(by_content.values())


def read_receipt(file: Path) -> Receipt | None:
    """Return the receipt of a file; None where it is not as it was written, or is that of another file."""
    try:
        receipt = Receipt.model_validate(read_sealed(file))
    except ValidationError:
        return None
    return receipt if file.name == f"{receipt.stem}.json" else None


def sort_receipts(receipts: Iterable[Receipt]) -> list[Receipt]:
    """Return the receipts in the order in which their files arrived, the last arrival of each counting."""
    return sorted(receipts, key=lambda receipt: (receipt.last_received_at, receipt.file, receipt.file_sha256))


@dataclass(frozen=True, slots=True)
class KnownContent:
    """A content that arrived before: its first name, its times of arrival, and how many files arrived since."""

    file: str
    received_at: tuple[datetime, ...]
    later_files: int


def find_known_content(folder: Path, sha256: str) -> KnownContent | None:
    """Return what is known of a content in one dataset; None where it never arrived."""
    if not any(folder.glob(f"{sha256}.*.json")):
        return None
    receipts = sort_receipts(read_receipts(folder))
    position = next(number for number, receipt in enumerate(receipts) if receipt.file_sha256 == sha256)
    receipt = receipts[position]
    moments = (receipt.received_at, *(arrival.received_at for arrival in receipt.arrivals))
    return KnownContent(receipt.file, moments, len(receipts) - position - 1)


def damaged_results(folder: Path, receipt: Receipt) -> list[Path]:
    """Return the results of a file that are missing or not as they were written; a run makes them again."""
    if receipt.status != "read":
        return []
    files = {suffix: folder / f"{receipt.stem}.{suffix}" for suffix in RESULT_SUFFIXES}
    return [
        file for suffix, file in files.items() if not file.is_file() or hash_file(file) != receipt.results.get(suffix)
    ]


def accepted_files(folder: Path, receipts: Iterable[Receipt]) -> list[tuple[Receipt, Path]]:
    """Return the Parquet file with the accepted rows of each file that was read."""
    return [(receipt, folder / f"{receipt.stem}.parquet") for receipt in receipts if receipt.status == "read"]


def reject_files(folder: Path, receipts: Iterable[Receipt]) -> list[tuple[Receipt, Path]]:
    """Return the Parquet file with the rejected rows of each file that was read."""
    return [(receipt, folder / f"{receipt.stem}.rejects.parquet") for receipt in receipts if receipt.status == "read"]
