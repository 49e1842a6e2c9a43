"""The shared store: several machines ingest into one archive and one lake. Imported only where a store is configured.

Each machine fetches what others have put before it ingests files, and puts its own results after. Its archive and lake
are working copies of the store, which holds

    archive/<ab>/<sha256>                                  the bytes of a file, as in the archive
    results/<dataset>/<recipe>/rows/file_sha256=<sha256>/checksum=<sha256 of this object>/part.parquet
    results/<dataset>/<recipe>/rejects/...                 accepted and rejected rows
    receipts/<dataset>/<sha256>.<recipe>.json              receipts with the checksums of their results, below their own
    receipts/<dataset>/<time>.<digest>.arrivals.json       contents that were sent again

Objects are never overwritten. A receipt is put last, and only where none exists: the first one counts, and the machine
that comes second fetches the results of the first. So a kill leaves the old state or the new one, in the store and on
the machine. Not here: access to the store (assets.core.object_store), ingestion (assets.intake.ingest).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Container, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

from pydantic import StringConstraints, ValidationError

from assets.core.data_dir_version import VERSION_FILE
from assets.core.errors import DataError, Issue, UsageError
from assets.core.files import hash_file, write_atomically
from assets.core.object_store import ObjectStore, map_parallel
from assets.core.strict_model import StrictModel
from assets.core.sync_state import RECEIPTS, SyncState, read_sync_state, result_folder, write_sync_state
from assets.intake.ingest import IngestJob
from assets.intake.receipts import temp_files
from assets.intake.receipts.archive import is_archived_intact
from assets.intake.receipts.arrivals import ARRIVALS_SUFFIX, ArrivalBatch, read_batches
from assets.intake.receipts.receipts import (
    Receipt,
    accepted_files,
    damaged_results,
    read_receipt,
    read_receipts,
    reject_files,
)

_UNSUPPORTED, _PAGE = "kind_unknown", "docs/scaling.md"
_NAME = re.compile(rf"(?P<sha256>[0-9a-f]{{64}})\.(?P<recipe>[0-9a-f]{{12}})(\.{_UNSUPPORTED})?\.json")

_Suffix = Annotated[str, StringConstraints(pattern=r"^(rejects\.)?parquet$")]
_Checksum = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class SyncedReceipt(StrictModel):
    """A receipt in the store, with the sha256 of each of its results by the suffix of its name."""

    receipt: Receipt
    results: dict[_Suffix, _Checksum]

    def to_bytes(self) -> bytes:
        """Return the content of its object: its checksum and, on the next line, its JSON."""
        text = self.model_dump_json(exclude={"receipt": {"results"}}).encode()
        return hashlib.sha256(text).hexdigest().encode() + b"\n" + text + b"\n"

    @classmethod
    def from_bytes(cls, content: bytes) -> SyncedReceipt | None:
        """Return the receipt of an object; None where its checksum does not fit."""
        checksum, _, text = content.removesuffix(b"\n").partition(b"\n")
        if hashlib.sha256(text).hexdigest().encode() != checksum:
            return None
        try:
            return cls.model_validate_json(text)
        except ValidationError:
            return None


def ingest_and_sync(job: IngestJob, store: ObjectStore, now: datetime, *, from_inbox: bool = True) -> list[Receipt]:
    """Ingest files as `IngestJob.ingest` does, together with all machines that share the store."""
    job.folder.mkdir(parents=True, exist_ok=True)
    job.paths.archive.mkdir(parents=True, exist_ok=True)
    sync = StoreSync(store, job)
    stored_names = sync.fetch()
    receipts = job.ingest(now, from_inbox=from_inbox)
    is_preceded = sync.put(stored_names)
    return job.ingest(now, from_inbox=False) if is_preceded else receipts


@dataclass(frozen=True, slots=True)
class StoreSync:
    """The synchronisation of one dataset of a data directory with the store."""

    store: ObjectStore
    job: IngestJob

    def fetch(self) -> set[str]:
        """Fetch the receipts, results and arrivals that are not here, and return the names of all in the store.

        Raises:
            DataError: an object of the store is damaged.
            UsageError: the store is empty, although this machine knows receipts of it.
        """
        stored_names = self._stored_names()
        stored_receipts = {name for name in stored_names if _NAME.fullmatch(name)}
        known = self._known()
        if known and not stored_names and self.store.read(VERSION_FILE) is None:
            raise UsageError(
                Issue("shared_store_unreachable", f"{self._receipts}: 0 / {len(known)}", _PAGE, self.store.url)
            )
        local = {receipt.file_sha256: receipt for receipt in read_receipts(self.job.folder)}
        wanted = [
            names
            for sha256, names in _group_by_content(stored_receipts, self.job.recipe).items()
            if self._is_wanted(names, known, local.get(sha256))
        ]
        fetched = self._fetch_all(wanted)
        self._fetch_arrivals(stored_names - stored_receipts)
        self._save_state({name: known.get(name, {}) for name in stored_names} | fetched)
        return stored_names

    def put(self, stored_names: set[str]) -> bool:
        """Put what the store does not hold; return whether another machine put a receipt of the same file before."""
        new = [receipt for receipt in read_receipts(self.job.folder) if receipt_name(receipt) not in stored_names]
        batches = [batch for batch in read_batches(self.job.folder) if batch.name not in stored_names]
        if new or batches:
            with temp_files.work_folder(self.job.folder) as work:
                self.store.initialise(work)
        results = dict(zip(map(receipt_name, new), map_parallel(self._put_one, new), strict=True))
        put = {name: checksums for name, checksums in results.items() if checksums is not None}
        preceded = [name for name in results if name not in put]
        fetched = self._fetch_all([[name] for name in preceded])
        map_parallel(self._put_arrivals, batches)
        self._save_state(self._known() | put | fetched | {batch.name: {} for batch in batches})
        return bool(preceded)

    def _fetch_arrivals(self, names: set[str]) -> None:
        here = {batch.name for batch in read_batches(self.job.folder)}
        missing = sorted(names - here)
        batches = map_parallel(self._read_arrivals, missing)
        issues = [
            self._damaged(f"{self._receipts}/{name}", name)
            for name, batch in zip(missing, batches, strict=True)
            if not batch
        ]
        if issues:
            raise DataError(issues)
        for batch in filter(None, batches):
            batch.write(self.job.folder)

    def _read_arrivals(self, name: str) -> ArrivalBatch | None:
        """Return a batch of the store; None where it is damaged, so that its name does not fit."""
        with suppress(ValidationError):
            batch = ArrivalBatch.model_validate_json(self.store.read(f"{self._receipts}/{name}") or b"")
            return batch if batch.name == name else None
        return None

    def _put_arrivals(self, batch: ArrivalBatch) -> None:
        with temp_files.work_folder(self.job.folder) as work:
            draft = work / "arrivals.json"
            draft.write_bytes(batch.model_dump_json().encode())
            self.store.put_if_absent(f"{self._receipts}/{batch.name}", draft)

    def _is_wanted(self, names: list[str], known: Container[str], local: Receipt | None) -> bool:
        if local is None:
            return True
        stem = f"{local.file_sha256}.{self.job.recipe}"
        if not names[0].startswith(stem):
            return not self._is_archived(local)  # it has another recipe: this machine parses the bytes again
        if receipt_name(local) == f"{stem}.json" and names[0] != f"{stem}.json":
            return False  # the store only has the refusal under an unsupported name
        return receipt_name(local) != names[0] or names[0] not in known or not self._is_complete(local)

    def _is_complete(self, receipt: Receipt) -> bool:
        return not damaged_results(self.job.folder, receipt) and self._is_archived(receipt)

    def _is_archived(self, receipt: Receipt) -> bool:
        file = self.job.paths.archived(receipt.file_sha256)
        return receipt.unarchived_refusal is not None or is_archived_intact(file)

    def _fetch_all(self, wanted: list[list[str]]) -> dict[str, dict[str, str]]:
        """Fetch one receipt of each content; return the checksums of the results by the name of the receipt."""
        fetched = map_parallel(self._fetch_one, wanted)
        if issues := [issue for _, issues_of_one in fetched for issue in issues_of_one]:
            raise DataError(issues)
        return {name: synced.results for by_name, _ in fetched for name, synced in by_name.items()}

    def _fetch_one(self, names: list[str]) -> tuple[dict[str, SyncedReceipt], list[Issue]]:
        """Fetch the receipt of one content; of several by other recipes the one that arrived first."""
        candidates = {name: self._read(name) for name in names}
        valid = {name: synced for name, synced in candidates.items() if synced is not None}
        if len(valid) < len(names):
            return {}, [self._damaged(f"{self._receipts}/{name}", name) for name in names if name not in valid]
        name = min(valid, key=lambda name: (valid[name].receipt.received_at, name))
        with temp_files.work_folder(self.job.folder) as work:
            return {name: valid[name]}, list(self._install(name, valid[name], work))

    def _install(self, name: str, synced: SyncedReceipt, work: Path) -> Iterator[Issue]:
        """Fetch bytes, then results, then write the receipt that makes them count; stop at a damaged object."""
        receipt, folder = synced.receipt.model_copy(update={"results": synced.results}), self.job.folder
        if not self._is_archived(receipt) and not self._fetch_bytes(receipt):
            yield self._damaged(_archive_object(receipt), name)
            return
        if receipt.recipe == self.job.recipe and not self._is_installed(receipt):
            for suffix, checksum in synced.results.items():
                result = self._result_object(receipt, suffix, checksum)
                if not self.store.fetch(result, work / suffix, checksum):
                    yield self._damaged(result, name)
                    return
            for suffix in synced.results:
                (work / suffix).replace(folder / f"{receipt.stem}.{suffix}")
        draft = work / "receipt.json"
        write_atomically(draft, receipt.to_text(), is_durable=True)
        draft.replace(folder / f"{receipt.stem}.json")  # also where it exists: the newest receipt of a content counts

    def _fetch_bytes(self, receipt: Receipt) -> bool:
        paths, sha256 = self.job.paths, receipt.file_sha256
        copy = paths.archive / f"{temp_files.temp_prefix(temp_files.ARRIVING_FILE)}{sha256}"
        try:
            if not self.store.fetch(_archive_object(receipt), copy, sha256):
                return False
            paths.archived(sha256).parent.mkdir(exist_ok=True)
            copy.chmod(0o444)
            copy.replace(paths.archived(sha256))
        finally:
            copy.unlink(missing_ok=True)
        return True

    def _is_installed(self, receipt: Receipt) -> bool:
        """Whether this machine has exactly this receipt, with its results."""
        file = self.job.folder / f"{receipt.stem}.json"
        return read_receipt(file) == receipt and self._is_complete(receipt)

    def _put_one(self, receipt: Receipt) -> dict[str, str] | None:
        """Put bytes, then results, then the receipt that makes them count; None where another receipt was first."""
        folder, results = self.job.folder, {}
        if not self._is_archived(receipt):
            raise DataError([Issue("missing_archived_file", receipt.file_sha256, file=receipt.file)])
        if receipt.unarchived_refusal is None:
            self.store.put_content(_archive_object(receipt), self.job.paths.archived(receipt.file_sha256))
        for _, file in (*accepted_files(folder, [receipt]), *reject_files(folder, [receipt])):
            suffix = file.name.removeprefix(f"{receipt.stem}.")
            results[suffix] = hash_file(file)
            self.store.put_content(self._result_object(receipt, suffix, results[suffix]), file)
        with temp_files.work_folder(folder) as work:
            draft = work / "receipt.json"
            draft.write_bytes(SyncedReceipt(receipt=receipt, results=results).to_bytes())
            return results if self.store.put_if_absent(f"{self._receipts}/{receipt_name(receipt)}", draft) else None

    def _read(self, name: str) -> SyncedReceipt | None:
        """Return a receipt of the store; None where it is damaged or belongs to another file."""
        synced = SyncedReceipt.from_bytes(self.store.read(f"{self._receipts}/{name}") or b"")
        if synced is None or synced.receipt.dataset != self.job.contract.dataset:
            return None
        return synced if receipt_name(synced.receipt) == name else None

    def _stored_names(self) -> set[str]:
        names = self.store.list(self._receipts)
        return {name for name in names if _NAME.fullmatch(name) or name.endswith(ARRIVALS_SUFFIX)}

    def _known(self) -> dict[str, dict[str, str]]:
        state = read_sync_state(self.job.paths, self.job.contract.dataset)
        return state.names if state is not None and state.store == self.store.url else {}

    def _save_state(self, names: dict[str, dict[str, str]]) -> None:
        state = SyncState(store=self.store.url, recipe=self.job.recipe, names=names)
        write_sync_state(self.job.paths, self.job.contract.dataset, state)

    @property
    def _receipts(self) -> str:
        return f"{RECEIPTS}/{self.job.contract.dataset}"

    def _result_object(self, receipt: Receipt, suffix: str, checksum: str) -> str:
        folder = result_folder(self.job.contract.dataset, receipt.recipe, suffix)
        return f"{folder}/file_sha256={receipt.file_sha256}/checksum={checksum}/part.parquet"

    def _damaged(self, name: str, receipt: str) -> Issue:
        return Issue("shared_store_damaged", name, f"{self._receipts}/{receipt}", self.store.url)


def receipt_name(receipt: Receipt) -> str:
    """Return the name of a receipt in the store.

    The refusal of an unsupported file type has a name of its own: the same bytes may come again under a valid name.
    """
    is_unsupported = any(refusal["code"] == "unsupported_file_type" for refusal in receipt.refusals)
    return f"{receipt.stem}.{_UNSUPPORTED}.json" if is_unsupported else f"{receipt.stem}.json"


def _group_by_content(names: set[str], recipe: str) -> Mapping[str, list[str]]:
    """For each content the one receipt that counts for this recipe; without one, all receipts by other recipes."""
    groups: dict[str, list[str]] = {}
    for name in sorted(names):
        groups.setdefault(name.split(".")[0], []).append(name)
    return {
        sha256: [best] if (best := _best_name(group, f"{sha256}.{recipe}")) else group
        for sha256, group in groups.items()
    }


def _best_name(names: list[str], stem: str) -> str | None:
    return next((name for name in (f"{stem}.json", f"{stem}.{_UNSUPPORTED}.json") if name in names), None)


def _archive_object(receipt: Receipt) -> str:
    return f"archive/{receipt.file_sha256[:2]}/{receipt.file_sha256}"
