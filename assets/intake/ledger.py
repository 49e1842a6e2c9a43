"""The ledger: a receipt for every file that ever arrived, written last and by rename.

Here: taking the files of one dataset in, once for each content and recipe, and reading the receipts back. There is no
other mutable state: a kill at any moment leaves either the old truth or the new one. Not here: how rows are parsed
(assets.intake.rows).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from assets.errors import Finding
from assets.intake.archive import Arrival, arrivals, path_of
from assets.intake.contracts import Dataset
from assets.intake.headers import match_headers
from assets.intake.rows import Parsed, Registered, parse_rows
from assets.intake.text import FileRefused, read_rows, write_text
from assets.paths import Paths
from assets.warehouse.connection import Connection

# Changes when the same bytes and the same contract would be read differently; files are then read again.
PARSER_VERSION = "1"
READABLE = (".csv",)


class Receipt(BaseModel):
    """What became of one file. rows_read = rows_accepted + rows_set_aside + rows_rejected, always."""

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
    rows_accepted: int = 0
    rows_set_aside: int = 0
    rows_rejected: int = 0
    refusals: tuple[dict[str, str | int | None], ...] = ()

    @property
    def stem(self) -> str:
        return f"{self.file_sha256}.{self.recipe}"

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Why the file was refused as a whole."""
        return tuple(Finding(**refusal) for refusal in self.refusals)  # type: ignore[arg-type]


class RowsLost(Exception):
    """Rows read are not rows accepted, set aside and rejected; a fault of this project, never of the data."""


@dataclass(frozen=True, slots=True)
class Intake:
    """Everything needed to take in the files of one dataset."""

    paths: Paths
    contract: Dataset
    connection: Connection
    registered: Registered
    registry_digest: str

    @property
    def folder(self) -> Path:
        return self.paths.lake / self.contract.dataset

    @property
    def recipe(self) -> str:
        """Contract, registry and parser: the same bytes by the same recipe give the same rows."""
        parts = (PARSER_VERSION, self.contract.model_dump_json(), self.registry_digest)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]

    def take_in(self, now: datetime) -> list[Receipt]:
        """Take in what is new in the inbox, read again what an older recipe read, and return every receipt."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for leftover in self.folder.glob(".work-*"):
            shutil.rmtree(leftover)
        for half_copy in self.paths.archive.glob(".arriving-*"):
            half_copy.unlink()
        receipts = {receipt.file_sha256: receipt for receipt in read_receipts(self.folder)}
        # A clock set back must not make a correction as old as what it corrects.
        latest = max((receipt.received_at for receipt in receipts.values()), default=None)
        moment = now if latest is None else max(now, latest + timedelta(microseconds=1))
        known = [Arrival(r.file, r.file_sha256, r.bytes, _is_link(r)) for r in receipts.values()]
        for arrival in [*known, *arrivals(self.paths.inbox, self.contract.dataset, self.paths.archive)]:
            earlier = receipts.get(arrival.sha256)
            # Bytes refused under one name may be right under another: the ending says what kind of file they are.
            renamed = earlier is not None and _is_of_no_kind(earlier) and not _is_of_no_kind(arrival)
            if earlier is None or earlier.recipe != self.recipe or renamed:
                received_at = earlier.received_at if earlier else moment
                receipts[arrival.sha256] = self._take_in_one(arrival, received_at)
        return sorted(receipts.values(), key=lambda receipt: (receipt.received_at, receipt.file, receipt.file_sha256))

    def _take_in_one(self, arrival: Arrival, received_at: datetime) -> Receipt:
        base = Receipt(
            dataset=self.contract.dataset,
            file=arrival.name,
            file_sha256=arrival.sha256,
            bytes=arrival.size,
            recipe=self.recipe,
            received_at=received_at,
            status="refused",
        )
        with tempfile.TemporaryDirectory(dir=self.folder, prefix=".work-") as work:
            try:
                counted = self._parse(arrival, Path(work), base.stem)
            except FileRefused as refused:
                counted = {"refusals": (_as_dict(refused.finding),)}
            receipt = base.model_copy(update=counted)
            _write_atomically(self.folder / f"{receipt.stem}.json", receipt.model_dump_json(indent=1))
        return receipt

    def _parse(self, arrival: Arrival, work: Path, stem: str) -> dict[str, object]:
        """Parse into the work folder and put the results into place; the receipt that makes them count comes after."""
        if arrival.is_link:
            raise FileRefused(Finding("file_is_link"))
        if _is_of_no_kind(arrival):
            raise FileRefused(Finding("file_kind_unknown", Path(arrival.name).suffix, "CSV"))
        rows = read_rows(path_of(self.paths.archive, arrival.sha256))
        header = next((row for row in rows if not row.is_blank), None)
        if header is None:
            raise FileRefused(Finding("file_empty", expected=", ".join(self.contract.columns)))
        if header.fault is not None:
            raise FileRefused(Finding("row_broken", header.fault, line=header.line))
        columns, findings = match_headers(header.cells, self.contract, header.line)
        if findings:
            return {"refusals": tuple(_as_dict(finding) for finding in findings)}
        read, blank = write_text(rows, columns, work / "text.parquet")
        accepted, rejects = work / "accepted.parquet", work / "rejects.parquet"
        parsed = parse_rows(
            self.connection, self.contract, work / "text.parquet", columns, self.registered, accepted, rejects
        )
        _no_row_is_lost(arrival, read, parsed)
        for result, suffix in ((accepted, "parquet"), (rejects, "rejects.parquet")):
            _sync(result)
            result.rename(self.folder / f"{stem}.{suffix}")
        return {
            "status": "read",
            "rows_read": read,
            "rows_blank": blank,
            "rows_accepted": parsed.accepted,
            "rows_set_aside": parsed.set_aside,
            "rows_rejected": parsed.rejected,
        }


def stray_receipts(paths: Paths, datasets: Sequence[str], now: datetime) -> list[Receipt]:
    """Files that lie in the inbox outside the folder of any dataset: kept, and refused with the folders there are."""
    folders = sorted(path.name for path in paths.inbox.iterdir()) if paths.inbox.is_dir() else []
    receipts: dict[tuple[str, str], Receipt] = {}
    for folder in folders:
        if folder in datasets or folder.startswith((".", "~$")):
            continue
        finding = Finding("dataset_unknown", folder, ", ".join(f"{name}/" for name in datasets))
        for arrival in arrivals(paths.inbox, folder, paths.archive):
            receipt = Receipt(
                dataset=folder,
                file=arrival.name,
                file_sha256=arrival.sha256,
                bytes=arrival.size,
                recipe="",
                received_at=now,
                status="refused",
                refusals=(_as_dict(finding),),
            )
            receipts.setdefault((folder, arrival.sha256), receipt)
    return list(receipts.values())


def read_receipts(folder: Path) -> list[Receipt]:
    """The receipts of one dataset, of each content the one that was written last."""
    files = sorted(folder.glob("*.json"), key=lambda file: (file.stat().st_mtime_ns, file.name))
    by_content = {}
    for file in files:
        receipt = Receipt.model_validate_json(file.read_text(encoding="utf-8"))
        by_content[receipt.file_sha256] = receipt
    return list(by_content.values())


def accepted_files(folder: Path, receipts: Iterable[Receipt]) -> list[tuple[Receipt, Path]]:
    """The accepted rows of each file that was read."""
    return [(receipt, folder / f"{receipt.stem}.parquet") for receipt in receipts if receipt.status == "read"]


def reject_files(folder: Path, receipts: Iterable[Receipt]) -> list[tuple[Receipt, Path]]:
    """The rejected rows of each file that was read."""
    return [(receipt, folder / f"{receipt.stem}.rejects.parquet") for receipt in receipts if receipt.status == "read"]


def utc_now() -> datetime:
    return datetime.now(UTC)


def digest_of(rows: Sequence[Sequence[object]]) -> str:
    """A digest of registry rows, for the recipe."""
    return hashlib.sha256(json.dumps(rows, ensure_ascii=False, default=str).encode()).hexdigest()


def _no_row_is_lost(arrival: Arrival, read: int, parsed: Parsed) -> None:
    total = parsed.accepted + parsed.set_aside + parsed.rejected
    if read != total:
        raise RowsLost(f"{arrival.name}: {read} rows read, {total} accounted for: {parsed}")


def _is_of_no_kind(file: Receipt | Arrival) -> bool:
    name = file.file if isinstance(file, Receipt) else file.name
    return Path(name).suffix.lower() not in READABLE


def _is_link(receipt: Receipt) -> bool:
    return any(refusal["code"] == "file_is_link" for refusal in receipt.refusals)


def _as_dict(finding: Finding) -> dict[str, str | int | None]:
    return {name: getattr(finding, name) for name in Finding.__slots__}


def _sync(file: Path) -> None:
    with file.open("rb") as stream:
        os.fsync(stream.fileno())


def _write_atomically(target: Path, content: str) -> None:
    temporary = target.with_name(f".{target.name}.tmp")
    with temporary.open("w", encoding="utf-8") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.rename(target)
