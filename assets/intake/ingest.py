"""Ingestion: every file of the inbox is archived, parsed once per content and recipe, and gets a receipt.

Here: the loop over the files of one dataset, and the order of writing that makes a kill harmless: archive, results,
and last, by rename, the receipt that makes the results count. Not here: how rows are parsed (assets.intake.file_parser)
and the shared store (assets.intake.receipts.sync).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from assets.core.errors import DataError, Issue
from assets.core.file_hash_cache import FileHashCache
from assets.core.files import hash_file, write_atomically
from assets.core.inbox_files import escape_path, list_inbox
from assets.core.paths import Paths
from assets.core.settings import Limits
from assets.core.system import sync_path
from assets.intake.file_parser import SUFFIXES, FileParser
from assets.intake.readers.encoding import FileRejectedError
from assets.intake.readers.reader_process import WorkbookReader, read_in_new_process
from assets.intake.receipts import temp_files
from assets.intake.receipts.archive import InboxFile, is_archived_intact, scan_inbox
from assets.intake.receipts.arrivals import Arrival, ArrivalBatch, InboxListing, sender_folder
from assets.intake.receipts.receipts import (
    RESULT_SUFFIXES,
    Receipt,
    damaged_results,
    issue_to_dict,
    read_receipt,
    read_receipts,
    sort_receipts,
)
from assets.intake.tables.contracts import Contract
from assets.intake.values.lookups import Lookups
from assets.warehouse.connection import Connection

# Raise it when the same bytes and the same contract give other results; the next run then parses all files again.
PARSER_VERSION = "8"
_MAX_REFUSALS = 50


@dataclass(frozen=True, slots=True)
class IngestJob:
    """The ingestion of the files of one dataset, with everything it needs."""

    paths: Paths
    contract: Contract
    connection: Connection
    registry: Lookups
    limits: Limits
    read_workbook: WorkbookReader = read_in_new_process
    # What was found damaged and was read again.
    repairs: list[Issue] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        """The folder of the lake with the results and receipts of the dataset."""
        return self.paths.lake / self.contract.dataset

    @property
    def recipe(self) -> str:
        """A digest of contract, registry, limits and parser: the same bytes by the same recipe give the same rows."""
        parts = (
            PARSER_VERSION,
            self.contract.model_dump_json(exclude={"due"}),  # the deadline has no influence on the rows
            self.registry.digest,
            self.limits.model_dump_json(),
        )
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]

    def ingest(self, now: datetime, *, from_inbox: bool = True) -> list[Receipt]:
        """Parse the new files of the inbox, and again those that were parsed by another recipe.

        Without `from_inbox` only known files are parsed again. Return the receipts of all files that ever arrived, in
        order of arrival.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        temp_files.remove_stale(self.folder, temp_files.WORK_FOLDER)
        temp_files.remove_stale(self.paths.archive, temp_files.ARRIVING_FILE)
        receipts = {receipt.file_sha256: receipt for receipt in read_receipts(self.folder)}
        known_contents = set(receipts)
        known = [InboxFile(r.file, r.file_sha256, r.bytes, r.unarchived_refusal) for r in receipts.values()]
        files: list[InboxFile] = []
        if from_inbox:
            cache = FileHashCache(self.paths.file_hashes / f"{self.contract.dataset}.json")
            listing = InboxListing(self.paths.inbox_listings / f"{self.contract.dataset}.json")
            files += scan_inbox(self.paths, self.contract.dataset, self.limits, cache)
            self._record_later_arrivals(receipts, listing.find_sent_again(files), now)
        self._check_archive(receipts.values(), files)
        arrival_time = _next_arrival_time(receipts.values(), now)
        for file in (*known, *files):
            earlier = receipts.get(file.sha256)
            if earlier is None or self._needs_parsing(file, earlier):
                receipts[file.sha256] = self._ingest_file(file, arrival_time, earlier)
        if from_inbox:
            new = [file for file in files if listing.is_lost or file.sha256 not in known_contents]
            self._record(receipts, _of_other_senders(receipts, new), None)
            listing.write(files)
        return sort_receipts(receipts.values())

    def _record_later_arrivals(
        self, receipts: dict[str, Receipt], sent_again: Sequence[InboxFile], now: datetime
    ) -> None:
        """Record contents that were sent again, in the order in which they arrived before.

        Among themselves they keep that order: where a whole inbox is copied, nothing changes. Where they stay the
        latest, nothing is recorded, unless one is of another sender.
        """
        order = sort_receipts(receipts.values())
        last = {file.sha256: file.name for file in sent_again}
        again = [receipt for receipt in order if receipt.file_sha256 in last]
        others = _of_other_senders(receipts, sent_again)
        if order[len(order) - len(again) :] == again and not others:
            return
        arrived = [(receipt.file_sha256, last[receipt.file_sha256]) for receipt in again]
        arrived = [*(pair for pair in others if pair not in arrived), *arrived]
        self._record(receipts, arrived, _next_arrival_time(order, now))

    def _record(self, receipts: dict[str, Receipt], arrived: Sequence[tuple[str, str]], first: datetime | None) -> None:
        """Record later arrivals, each a content and a name, one after the other; None: together with the content."""
        arrivals = tuple(
            Arrival(
                file=name,
                file_sha256=sha256,
                received_at=receipts[sha256].received_at if first is None else first + timedelta(microseconds=number),
            )
            for number, (sha256, name) in enumerate(arrived)
        )
        if not arrivals:
            return
        ArrivalBatch(arrivals=arrivals).write(self.folder)
        for arrival in arrivals:
            receipt = receipts[arrival.file_sha256]
            later = (*receipt.arrivals, arrival)
            receipts[receipt.file_sha256] = receipt.model_copy(update={"arrivals": later})

    def _check_archive(self, receipts: Iterable[Receipt], files: Iterable[InboxFile]) -> None:
        """Check the originals that the inbox no longer has; the scan has archived those again that were changed.

        One that is missing is asked for where it is needed: it cannot give other figures.

        Raises:
            DataError: with each original that was changed.
        """
        scanned, issues = {file.sha256 for file in files}, []
        for receipt in receipts:
            archived = self.paths.archived(receipt.file_sha256)
            if receipt.file_sha256 not in scanned and archived.exists() and not is_archived_intact(archived):
                issues.append(Issue("archived_file_changed", receipt.file_sha256, file=receipt.file))
        if issues:
            raise DataError(issues)

    def _needs_parsing(self, file: InboxFile, earlier: Receipt) -> bool:
        # Bytes refused for the suffix of one name may be valid under another name.
        is_renamed = not _is_supported(earlier.file) and _is_supported(file.name)
        damaged = damaged_results(self.folder, earlier)
        if earlier.results:  # an earlier version recorded none
            self.repairs.extend(Issue("result_read_again", path.name, file=earlier.file) for path in damaged)
        return earlier.recipe != self.recipe or is_renamed or bool(damaged)

    def _ingest_file(self, file: InboxFile, arrival_time: datetime, earlier: Receipt | None) -> Receipt:
        """Parse one file and write its receipt; if another machine wrote one for it meanwhile, return that one.

        `earlier` is the receipt of the same content by another recipe; it keeps its times of arrival.
        """
        base = Receipt(
            dataset=self.contract.dataset,
            file=file.name,
            file_sha256=file.sha256,
            bytes=file.size,
            recipe=self.recipe,
            received_at=arrival_time if earlier is None else earlier.received_at,
            status="refused",
            arrivals=() if earlier is None else earlier.arrivals,
        )
        with temp_files.work_folder(self.folder) as work:
            try:
                outcome = self._parse(file, work, base.stem)
            except FileRejectedError as error:
                outcome = {"refusals": tuple(issue_to_dict(issue) for issue in error.issues[:_MAX_REFUSALS])}
            receipt = base.model_copy(update=outcome)
            draft = work / "receipt.json"
            write_atomically(draft, receipt.to_text(), is_durable=True)
            target = self.folder / f"{receipt.stem}.json"
            if earlier is None:
                return _put_if_absent(draft, target) or receipt
            _make_newest(draft, self.folder.glob(f"{receipt.file_sha256}.*.json"))
            draft.replace(target)
        return receipt

    def _parse(self, file: InboxFile, work: Path, stem: str) -> dict[str, object]:
        """Parse in the work folder, then move the results to their names; return the fields of the receipt."""
        if file.refusal is not None:
            raise FileRejectedError(Issue(file.refusal, str(file.size), str(self.limits.file_bytes)))
        archived = self.paths.archived(file.sha256)
        if not is_archived_intact(archived):
            code = "archived_file_changed" if archived.exists() else "missing_archived_file"
            raise DataError([Issue(code, file.sha256, file=file.name)])
        accepted, rejects = work / "accepted.parquet", work / "rejects.parquet"
        parser = FileParser(self.connection, self.contract, self.registry, self.limits, self.read_workbook)
        result = parser.parse(archived, file.name, accepted, rejects)
        results = {}
        for path, suffix in zip((accepted, rejects), RESULT_SUFFIXES, strict=True):
            sync_path(path)
            results[suffix] = hash_file(path)
            path.replace(self.folder / f"{stem}.{suffix}")
        return {
            "status": "read",
            **result.counts,
            "sheets": tuple(result.sheets),
            "notes": tuple(result.notes),
            "results": results,
            "sign_off": result.sign_off,
        }


def _of_other_senders(receipts: Mapping[str, Receipt], files: Iterable[InboxFile]) -> list[tuple[str, str]]:
    """Return content and name of the files whose bytes had come from other senders only, one for each new sender."""
    names = {(file.sha256, sender_folder(file.name)): file.name for file in files}
    return [
        (sha256, name)
        for (sha256, sender), name in names.items()
        if sha256 in receipts and sender not in receipts[sha256].senders
    ]


def unassigned_receipts(paths: Paths, datasets: Sequence[str], now: datetime, limits: Limits) -> list[Receipt]:
    """Archive the files in folders of the inbox that belong to no dataset, and return a refusal for each."""
    folders = dict.fromkeys(entry.parts[0] for entry in list_inbox(paths.inbox))
    receipts: dict[tuple[str, str], Receipt] = {}
    for folder in folders:
        if folder in datasets:
            continue
        name = escape_path((folder,))
        issue = Issue("unknown_inbox_folder", name, ", ".join(f"{dataset}/" for dataset in datasets))
        for file in scan_inbox(paths, folder, limits):
            receipt = Receipt(
                dataset=name,
                file=file.name,
                file_sha256=file.sha256,
                bytes=file.size,
                recipe="",
                received_at=now,
                status="refused",
                refusals=(issue_to_dict(issue),),
            )
            receipts.setdefault((name, file.sha256), receipt)
    return list(receipts.values())


def _next_arrival_time(receipts: Iterable[Receipt], now: datetime) -> datetime:
    """Now, or after the last arrival where the clock was set back: a correction is later than the corrected file."""
    latest = max((receipt.last_received_at for receipt in receipts), default=None)
    return now if latest is None else max(now, latest + timedelta(microseconds=1))


def utc_now() -> datetime:
    """Return the present moment, with its time zone."""
    return datetime.now(UTC)


def _is_supported(name: str) -> bool:
    return Path(name).suffix.lower() in SUFFIXES


def _make_newest(file: Path, earlier: Iterable[Path]) -> None:
    """Give a receipt the latest modification time, which decides which one counts, also after a clock was set back."""
    latest = max((path.stat().st_mtime_ns for path in earlier), default=0)
    if file.stat().st_mtime_ns <= latest:
        os.utime(file, ns=(latest + 1, latest + 1))


def _put_if_absent(draft: Path, target: Path) -> Receipt | None:
    """Give a receipt its name; where a receipt of that name exists already, keep and return that one."""
    try:
        target.hardlink_to(draft)
    except FileExistsError:
        if (existing := read_receipt(target)) is not None:
            return existing
        draft.replace(target)  # the existing receipt is damaged and counts for nothing
    except OSError:
        draft.replace(target)  # a file system without hard links: the last receipt counts
    return None
