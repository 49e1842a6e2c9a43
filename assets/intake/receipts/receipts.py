"""The ledger: a receipt for every file that ever arrived, written last and by rename.

Here: taking the files of one dataset in, once for each content and recipe, and reading the receipts back. There is no
other mutable state: a kill at any moment leaves either the old truth or the new one. Not here: how rows are parsed
(assets.intake.rows.validator).
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError, field_validator

from assets.core.errors import DataError, Issue
from assets.core.file_hash_cache import FileHashCache
from assets.core.paths import Paths
from assets.core.settings import Limits
from assets.intake.file_parser import READABLE, FileParser, ParseResult
from assets.intake.readers.encoding import FileRejectedError
from assets.intake.receipts import temp_files
from assets.intake.receipts.archive import UNARCHIVED_REFUSALS, InboxFile, archived_path, scan_inbox
from assets.intake.tables.contracts import Contract
from assets.intake.values.lookups import Lookups
from assets.warehouse.connection import Connection

# Changes when the same bytes and the same contract would be read differently; files are then read again.
PARSER_VERSION = "3"
_MOST_REFUSALS = 50
_RESULTS = ("parquet", "rejects.parquet")
_PARQUET_END = b"PAR1"
_COUNTS = ("rows_read", "rows_blank", "rows_skipped", "rows_accepted", "rows_aggregate", "rows_rejected")


class SheetReceipt(BaseModel):
    """How one sheet was read; a CSV file is one sheet without a name."""

    model_config = ConfigDict(extra="forbid", frozen=True, from_attributes=True)

    sheet: str | None
    encoding: str | None
    delimiter: str
    header_line: int
    header_text: str


class NoteReceipt(BaseModel):
    """What a file says beside its rows (title, footnote), or what was done to it (converted, unknown_column_kept)."""

    model_config = ConfigDict(extra="forbid", frozen=True, from_attributes=True)

    sheet: str | None
    line: int | None
    kind: str
    text: str


class Receipt(BaseModel):
    """What became of one file. rows_read = rows_accepted + rows_aggregate + rows_rejected, always.

    Receipts of lake version 1 are read too: they name the rows of totals `rows_set_aside`, and what a refusal found
    `found`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    dataset: str
    file: str
    file_sha256: str
    bytes: int
    recipe: str
    received_at: datetime
    status: Literal["read", "refused"]
    rows_read: int = 0
    rows_blank: int = 0
    rows_skipped: int = 0
    rows_accepted: int = 0
    rows_aggregate: int = Field(default=0, validation_alias=AliasChoices("rows_aggregate", "rows_set_aside"))
    rows_rejected: int = 0
    refusals: tuple[dict[str, str | int | None], ...] = ()
    sheets: tuple[SheetReceipt, ...] = ()
    notes: tuple[NoteReceipt, ...] = ()

    @field_validator("refusals", mode="before")
    @classmethod
    def _name_the_actual_value(cls, refusals: Any) -> Any:
        return tuple({"actual" if name == "found" else name: value for name, value in one.items()} for one in refusals)

    @property
    def stem(self) -> str:
        return f"{self.file_sha256}.{self.recipe}"

    @property
    def issues(self) -> tuple[Issue, ...]:
        """Why the file was refused as a whole."""
        return tuple(Issue(**refusal) for refusal in self.refusals)  # type: ignore[arg-type]


class RowBalanceError(Exception):
    """Rows read are not rows accepted, set aside and rejected; a fault of this project, never of the data."""


@dataclass(frozen=True, slots=True)
class IngestJob:
    """Everything needed to take in the files of one dataset."""

    paths: Paths
    contract: Contract
    connection: Connection
    registry: Lookups
    limits: Limits

    @property
    def folder(self) -> Path:
        return self.paths.lake / self.contract.dataset

    @property
    def recipe(self) -> str:
        """Contract, registry, limits and parser: the same bytes by the same recipe give the same rows."""
        parts = (
            PARSER_VERSION,
            self.contract.model_dump_json(exclude={"due"}),  # when a file is awaited changes nothing in it
            self.registry.digest,
            self.limits.model_dump_json(),
        )
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]

    def take_in(self, now: datetime, *, from_inbox: bool = True) -> list[Receipt]:
        """Take in what is new in the inbox, read again what an older recipe read, and return every receipt."""
        self.folder.mkdir(parents=True, exist_ok=True)
        temp_files.remove_stale(self.folder, temp_files.WORK_FOLDER)
        temp_files.remove_stale(self.paths.archive, temp_files.ARRIVING_FILE)
        receipts = {receipt.file_sha256: receipt for receipt in read_receipts(self.folder)}
        # A clock set back must not make a correction as old as what it corrects.
        latest = max((receipt.received_at for receipt in receipts.values()), default=None)
        moment = now if latest is None else max(now, latest + timedelta(microseconds=1))
        known = [InboxFile(r.file, r.file_sha256, r.bytes, _refused_unread(r)) for r in receipts.values()]
        if from_inbox:
            seen = FileHashCache(self.paths.file_hashes / f"{self.contract.dataset}.json")
            known += scan_inbox(self.paths.inbox, self.contract.dataset, self.paths.archive, self.limits, seen)
        for arrival in known:
            earlier = receipts.get(arrival.sha256)
            # Bytes refused under one name may be right under another: the ending says what kind of file they are.
            renamed = earlier is not None and _is_of_no_kind(earlier) and not _is_of_no_kind(arrival)
            if earlier is None or earlier.recipe != self.recipe or renamed or missing_results(self.folder, earlier):
                received_at = earlier.received_at if earlier else moment
                receipts[arrival.sha256] = self._take_in_one(arrival, received_at, is_new=earlier is None)
        return sorted(receipts.values(), key=lambda receipt: (receipt.received_at, receipt.file, receipt.file_sha256))

    def _take_in_one(self, arrival: InboxFile, received_at: datetime, *, is_new: bool) -> Receipt:
        """Parse one file and write its receipt; where another machine wrote one for it meanwhile, that one counts."""
        base = Receipt(
            dataset=self.contract.dataset,
            file=arrival.name,
            file_sha256=arrival.sha256,
            bytes=arrival.size,
            recipe=self.recipe,
            received_at=received_at,
            status="refused",
        )
        with tempfile.TemporaryDirectory(
            dir=self.folder, prefix=temp_files.temp_prefix(temp_files.WORK_FOLDER)
        ) as work:
            try:
                counted = self._parse(arrival, Path(work), base.stem)
            except FileRejectedError as refused:
                counted = {"refusals": tuple(_as_dict(f) for f in refused.issues[:_MOST_REFUSALS])}
            receipt = base.model_copy(update=counted)
            written = Path(work) / "receipt.json"
            _write_durably(written, receipt.model_dump_json(indent=1))
            target = self.folder / f"{receipt.stem}.json"
            if is_new:
                return _put_if_absent(written, target) or receipt
            _make_youngest(written, self.folder.glob(f"{receipt.file_sha256}.*.json"))
            written.rename(target)
        return receipt

    def _parse(self, arrival: InboxFile, work: Path, stem: str) -> dict[str, object]:
        """Parse into the work folder and put the results into place; the receipt that makes them count comes after."""
        if arrival.refused is not None:
            raise FileRejectedError(Issue(arrival.refused, str(arrival.size), str(self.limits.file_bytes)))
        archived = archived_path(self.paths.archive, arrival.sha256)
        if not archived.is_file():
            raise DataError([Issue("missing_archived_file", arrival.sha256, file=arrival.name)])
        readable, rejects = work / "readable.parquet", work / "rejects.parquet"
        parser = FileParser(self.connection, self.contract, self.registry, self.limits)
        parsed = parser.parse(archived, arrival.name, readable, rejects)
        check_row_balance(arrival, parsed)
        for result, suffix in zip((readable, rejects), _RESULTS, strict=True):
            _sync(result)
            result.rename(self.folder / f"{stem}.{suffix}")
        return {
            "status": "read",
            **{name: getattr(parsed, name) for name in _COUNTS},
            "sheets": tuple(SheetReceipt.model_validate(sheet) for sheet in parsed.sheets),
            "notes": tuple(NoteReceipt.model_validate(note) for note in parsed.notes),
        }


def unassigned_receipts(paths: Paths, datasets: Sequence[str], now: datetime, limits: Limits) -> list[Receipt]:
    """Files that lie in the inbox outside the folder of any dataset: kept, and refused with the folders there are."""
    folders = sorted(path.name for path in paths.inbox.iterdir()) if paths.inbox.is_dir() else []
    receipts: dict[tuple[str, str], Receipt] = {}
    for folder in folders:
        if folder in datasets or folder.startswith((".", "~$")):
            continue
        issue = Issue("unknown_inbox_folder", folder, ", ".join(f"{name}/" for name in datasets))
        for arrival in scan_inbox(paths.inbox, folder, paths.archive, limits):
            receipt = Receipt(
                dataset=folder,
                file=arrival.name,
                file_sha256=arrival.sha256,
                bytes=arrival.size,
                recipe="",
                received_at=now,
                status="refused",
                refusals=(_as_dict(issue),),
            )
            receipts.setdefault((folder, arrival.sha256), receipt)
    return list(receipts.values())


def read_receipts(folder: Path) -> list[Receipt]:
    """The receipts of one dataset, of each content the one that was written last; Stopped where one is broken."""
    files = sorted(folder.glob("*.json"), key=lambda file: (file.stat().st_mtime_ns, file.name))
    by_content, issues = {}, []
    for file in files:
        try:
            receipt = Receipt.model_validate_json(file.read_bytes())
        except ValidationError:
            issues.append(Issue("receipt_damaged", file.name.split(".")[0], file=f"lake/{folder.name}/{file.name}"))
            continue
        by_content[receipt.file_sha256] = receipt
    if issues:
        raise DataError(issues)
    return list(by_content.values())


def missing_results(folder: Path, receipt: Receipt) -> list[Path]:
    """The results of a file that was read that are gone or cut off; they are made again from the archive."""
    if receipt.status != "read":
        return []
    files = (folder / f"{receipt.stem}.{suffix}" for suffix in _RESULTS)
    return [file for file in files if not _ends_as_parquet(file)]


def _ends_as_parquet(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            stream.seek(-len(_PARQUET_END), os.SEEK_END)
            return stream.read() == _PARQUET_END
    except OSError:
        return False


def accepted_files(folder: Path, receipts: Iterable[Receipt]) -> list[tuple[Receipt, Path]]:
    """The readable rows of each file that was read: the accepted ones, and those that repeat a key."""
    return [(receipt, folder / f"{receipt.stem}.parquet") for receipt in receipts if receipt.status == "read"]


def reject_files(folder: Path, receipts: Iterable[Receipt]) -> list[tuple[Receipt, Path]]:
    """The rejected rows of each file that was read."""
    return [(receipt, folder / f"{receipt.stem}.rejects.parquet") for receipt in receipts if receipt.status == "read"]


def utc_now() -> datetime:
    return datetime.now(UTC)


def check_row_balance(arrival: InboxFile, parsed: ParseResult) -> None:
    """Raise RowsLost where a row that was read is neither accepted, nor set aside, nor rejected."""
    total = parsed.rows_accepted + parsed.rows_aggregate + parsed.rows_rejected
    if parsed.rows_read != total:
        raise RowBalanceError(f"{arrival.name}: {parsed.rows_read} rows read, {total} accounted for")


def _is_of_no_kind(file: Receipt | InboxFile) -> bool:
    name = file.file if isinstance(file, Receipt) else file.name
    return Path(name).suffix.lower() not in READABLE


def _refused_unread(receipt: Receipt) -> str | None:
    """A link or a file above the limit is in no archive; it stays refused until its name brings other bytes."""
    codes = [str(refusal["code"]) for refusal in receipt.refusals]
    return next((code for code in codes if code in UNARCHIVED_REFUSALS), None)


def _as_dict(issue: Issue) -> dict[str, str | int | None]:
    return {name: getattr(issue, name) for name in Issue.__slots__}


def _sync(file: Path) -> None:
    with file.open("rb") as stream:
        os.fsync(stream.fileno())


def _write_durably(file: Path, content: str) -> None:
    with file.open("w", encoding="utf-8") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _make_youngest(file: Path, others: Iterable[Path]) -> None:
    """The receipt that was written last counts, also where the clock was set back since the one before."""
    latest = max((other.stat().st_mtime_ns for other in others), default=0)
    if file.stat().st_mtime_ns <= latest:
        os.utime(file, ns=(latest + 1, latest + 1))


def _put_if_absent(written: Path, target: Path) -> Receipt | None:
    """Give a receipt its name unless there is one of that name; the one that was there first."""
    try:
        target.hardlink_to(written)
    except FileExistsError:
        with suppress(ValidationError):
            return Receipt.model_validate_json(target.read_bytes())
        written.rename(target)  # what stands there is broken and counts for nothing
    except OSError:
        written.rename(target)  # a file system without hard links: the last one counts
    return None
