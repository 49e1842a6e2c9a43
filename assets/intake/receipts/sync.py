"""Several machines, one lake: what others took in is fetched before files are taken in, what is new here is put after.

The archive and the lake of a data directory are a working copy of the shared store. In the store stand

    archive/<ab>/<sha256>                                  the bytes of a file, as in the archive here
    results/<dataset>/<recipe>/rows/file_sha256=<sha256>/checksum=<that of these bytes>/part.parquet
    results/<dataset>/<recipe>/rejects/...                 its rows
    receipts/<dataset>/<sha256>.<recipe>.json              its receipt, with the checksums of its results, below its own

Nothing there is ever written over. A receipt is put last, and only where there is none: the first one counts, and
whoever comes second takes over what the first one made. So a kill at any moment leaves the old truth or the new one,
there and here. Not here: putting and getting (assets.core.object_store), reading files
(assets.intake.receipts.receipts).
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Container, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from assets.core.data_dir_version import VERSION_FILE
from assets.core.errors import DataError, Issue, UsageError
from assets.core.object_store import ObjectStore, map_parallel, open_store
from assets.core.sync_state import RECEIPTS, SyncState, read_sync_state, result_folder, write_sync_state
from assets.intake.receipts import temp_files
from assets.intake.receipts.archive import UNARCHIVED_REFUSALS, archived_path
from assets.intake.receipts.receipts import (
    IngestJob,
    Receipt,
    accepted_files,
    missing_results,
    read_receipts,
    reject_files,
)

_OF_NO_KIND, _PAGE = "kind_unknown", "docs/scaling.md"
_NAME = re.compile(rf"(?P<sha256>[0-9a-f]{{64}})\.(?P<recipe>[0-9a-f]{{12}})(\.{_OF_NO_KIND})?\.json")


_Suffix = Annotated[str, StringConstraints(pattern=r"^(rejects\.)?parquet$")]
_Checksum = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class SyncedReceipt(BaseModel):
    """A receipt as the store keeps it: with the checksum of each of its results, by what their names end with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    receipt: Receipt
    results: dict[_Suffix, _Checksum]

    def written(self) -> bytes:
        text = self.model_dump_json().encode()
        return hashlib.sha256(text).hexdigest().encode() + b"\n" + text + b"\n"

    @classmethod
    def read(cls, content: bytes) -> SyncedReceipt | None:
        """None where these are not the bytes that were written."""
        checksum, _, text = content.removesuffix(b"\n").partition(b"\n")
        if hashlib.sha256(text).hexdigest().encode() != checksum:
            return None
        try:
            return cls.model_validate_json(text)
        except ValidationError:
            return None


def ingest_and_sync(intake: IngestJob, now: datetime, *, from_inbox: bool = True) -> list[Receipt]:
    """Take in files as `Intake.take_in` does, together with all who share the store, where there is one."""
    store = open_store(intake.paths)
    if store is None:
        return intake.take_in(now, from_inbox=from_inbox)
    intake.folder.mkdir(parents=True, exist_ok=True)
    intake.paths.archive.mkdir(parents=True, exist_ok=True)
    shared = StoreSync(store, intake)
    there = shared.fetch()
    receipts = intake.take_in(now, from_inbox=from_inbox)
    were_others_first = shared.put(there)
    return intake.take_in(now, from_inbox=False) if were_others_first else receipts


@dataclass(frozen=True, slots=True)
class StoreSync:
    """One dataset of a data directory and of the store."""

    store: ObjectStore
    intake: IngestJob

    def fetch(self) -> set[str]:
        """Make what the store holds the truth here, too, and return the names of its receipts.

        Stopped where an object of it is damaged, which is not read.
        """
        there = self._names()
        known = self._known()
        if known and not there and self.store.read(VERSION_FILE) is None:
            raise UsageError(
                Issue("shared_store_unreachable", f"{self._receipts}: 0 / {len(known)}", _PAGE, self.store.url)
            )
        here = {receipt.file_sha256: receipt for receipt in read_receipts(self.intake.folder)}
        wanted = [
            names
            for sha256, names in _by_content(there, self.intake.recipe).items()
            if self._is_wanted(names, known, here.get(sha256))
        ]
        fetched = self._fetch_all(wanted)
        self._settle({name: known.get(name, {}) for name in there} | fetched)
        return there

    def put(self, there: set[str]) -> bool:
        """Put what the store did not hold; whether others put a receipt of the same file meanwhile."""
        new = [receipt for receipt in read_receipts(self.intake.folder) if receipt_name(receipt) not in there]
        if new:
            with self._work() as work:
                self.store.initialise(Path(work))
        put = dict(zip(map(receipt_name, new), map_parallel(self._put_one, new), strict=True))
        lost = [name for name, results in put.items() if results is None]
        fetched = self._fetch_all([[name] for name in lost])
        self._settle(self._known() | {name: results for name, results in put.items() if results is not None} | fetched)
        return bool(lost)

    def _is_wanted(self, names: list[str], known: Container[str], here: Receipt | None) -> bool:
        if here is None:
            return True
        mine = f"{here.file_sha256}.{self.intake.recipe}"
        if not names[0].startswith(mine):
            return not self._is_archived(here)  # by another recipe: to be read again from its bytes by ours
        if receipt_name(here) == f"{mine}.json" and names[0] != f"{mine}.json":
            return False  # ours says more
        return receipt_name(here) != names[0] or names[0] not in known or not self._is_whole(here)

    def _is_whole(self, receipt: Receipt) -> bool:
        return not missing_results(self.intake.folder, receipt) and self._is_archived(receipt)

    def _is_archived(self, receipt: Receipt) -> bool:
        file = archived_path(self.intake.paths.archive, receipt.file_sha256)
        return not _has_bytes(receipt) or (file.is_file() and file.stat().st_size == receipt.bytes)

    def _fetch_all(self, wanted: list[list[str]]) -> dict[str, dict[str, str]]:
        """Of each content one receipt, taken over; by its name the checksums of its results."""
        fetched = map_parallel(self._fetch_one, wanted)
        if issues := [issue for _, found in fetched for issue in found]:
            raise DataError(issues)
        return {name: kept.results for named, _ in fetched for name, kept in named.items()}

    def _fetch_one(self, names: list[str]) -> tuple[dict[str, SyncedReceipt], list[Issue]]:
        """Take over the receipt of one content; of several by other recipes the one that arrived first."""
        kept = {name: self._read(name) for name in names}
        sound = {name: one for name, one in kept.items() if one is not None}
        if len(sound) < len(names):
            return {}, [self._damaged(f"{self._receipts}/{name}", name) for name in names if name not in sound]
        name = min(sound, key=lambda name: (sound[name].receipt.received_at, name))
        with self._work() as work:
            return {name: sound[name]}, list(self._take_over(name, sound[name], Path(work)))

    def _take_over(self, name: str, kept: SyncedReceipt, work: Path) -> Iterator[Issue]:
        """Bytes, then results, then the receipt that makes them count here; it stops where one of them is damaged."""
        receipt, folder = kept.receipt, self.intake.folder
        if not self._is_archived(receipt) and not self._fetch_bytes(receipt):
            yield self._damaged(_archived(receipt), name)
            return
        is_ours = receipt.recipe == self.intake.recipe
        if is_ours and not self._is_here(receipt):
            for suffix, checksum in kept.results.items():
                if not self.store.fetch(there := self._result(receipt, suffix, checksum), work / suffix, checksum):
                    yield self._damaged(there, name)
                    return
            for suffix in kept.results:
                (work / suffix).rename(folder / f"{receipt.stem}.{suffix}")
        written = work / "receipt.json"
        with written.open("w", encoding="utf-8") as stream:
            stream.write(receipt.model_dump_json(indent=1))
            stream.flush()
            os.fsync(stream.fileno())
        written.rename(folder / f"{receipt.stem}.json")  # also where it stands already: the youngest one counts

    def _fetch_bytes(self, receipt: Receipt) -> bool:
        archive, sha256 = self.intake.paths.archive, receipt.file_sha256
        arriving = archive / f"{temp_files.temp_prefix(temp_files.ARRIVING_FILE)}{sha256}"
        try:
            if not self.store.fetch(_archived(receipt), arriving, sha256):
                return False
            archived_path(archive, sha256).parent.mkdir(exist_ok=True)
            arriving.chmod(0o444)
            arriving.rename(archived_path(archive, sha256))
        finally:
            arriving.unlink(missing_ok=True)
        return True

    def _is_here(self, receipt: Receipt) -> bool:
        """Whether this very receipt is here, with its results."""
        file = self.intake.folder / f"{receipt.stem}.json"
        with suppress(OSError, ValidationError):
            return self._is_whole(receipt) and Receipt.model_validate_json(file.read_bytes()) == receipt
        return False

    def _put_one(self, receipt: Receipt) -> dict[str, str] | None:
        """Bytes, then results, then the receipt that makes them count for all; None where another was there first."""
        folder, results = self.intake.folder, {}
        if not self._is_archived(receipt):
            raise DataError([Issue("missing_archived_file", receipt.file_sha256, file=receipt.file)])
        if _has_bytes(receipt):
            self.store.put_content(_archived(receipt), archived_path(self.intake.paths.archive, receipt.file_sha256))
        for _, file in (*accepted_files(folder, [receipt]), *reject_files(folder, [receipt])):
            suffix = file.name.removeprefix(f"{receipt.stem}.")
            with file.open("rb") as stream:
                results[suffix] = hashlib.file_digest(stream, "sha256").hexdigest()
            self.store.put_content(self._result(receipt, suffix, results[suffix]), file)
        with self._work() as work:
            written = Path(work) / "receipt.json"
            written.write_bytes(SyncedReceipt(receipt=receipt, results=results).written())
            return results if self.store.put_if_absent(f"{self._receipts}/{receipt_name(receipt)}", written) else None

    def _read(self, name: str) -> SyncedReceipt | None:
        """A receipt of the store; None where it is damaged, or that of something else."""
        kept = SyncedReceipt.read(self.store.read(f"{self._receipts}/{name}") or b"")
        if kept is None or kept.receipt.dataset != self.intake.contract.dataset or receipt_name(kept.receipt) != name:
            return None
        return kept

    def _names(self) -> set[str]:
        return {name for name in self.store.list(self._receipts) if _NAME.fullmatch(name)}

    def _known(self) -> dict[str, dict[str, str]]:
        note = read_sync_state(self.intake.paths, self.intake.contract.dataset)
        return note.names if note is not None and note.store == self.store.url else {}

    def _settle(self, names: dict[str, dict[str, str]]) -> None:
        note = SyncState(store=self.store.url, recipe=self.intake.recipe, names=names)
        write_sync_state(self.intake.paths, self.intake.contract.dataset, note)

    def _work(self) -> tempfile.TemporaryDirectory[str]:
        return tempfile.TemporaryDirectory(
            dir=self.intake.folder, prefix=temp_files.temp_prefix(temp_files.WORK_FOLDER)
        )

    @property
    def _receipts(self) -> str:
        return f"{RECEIPTS}/{self.intake.contract.dataset}"

    def _result(self, receipt: Receipt, suffix: str, checksum: str) -> str:
        folder = result_folder(self.intake.contract.dataset, receipt.recipe, suffix)
        return f"{folder}/file_sha256={receipt.file_sha256}/checksum={checksum}/part.parquet"

    def _damaged(self, there: str, name: str) -> Issue:
        return Issue("shared_store_damaged", there, f"{self._receipts}/{name}", self.store.url)


def receipt_name(receipt: Receipt) -> str:
    """What a receipt is called in the store.

    One of a file of no kind that is read has a name of its own: the same bytes may come again under a better name.
    """
    is_of_no_kind = any(refusal["code"] == "unsupported_file_type" for refusal in receipt.refusals)
    return f"{receipt.stem}.{_OF_NO_KIND}.json" if is_of_no_kind else f"{receipt.stem}.json"


def _by_content(names: set[str], recipe: str) -> Mapping[str, list[str]]:
    """For each content the receipt that counts for this recipe, else all that there are by others."""
    found: dict[str, list[str]] = {}
    for name in sorted(names):
        found.setdefault(name.split(".")[0], []).append(name)
    return {
        sha256: [best] if (best := _best(those, f"{sha256}.{recipe}")) else those for sha256, those in found.items()
    }


def _best(names: list[str], stem: str) -> str | None:
    return next((name for name in (f"{stem}.json", f"{stem}.{_OF_NO_KIND}.json") if name in names), None)


def _has_bytes(receipt: Receipt) -> bool:
    """Links, and files above the limit, are refused unread and in no archive."""
    return not any(refusal["code"] in UNARCHIVED_REFUSALS for refusal in receipt.refusals)


def _archived(receipt: Receipt) -> str:
    return f"archive/{receipt.file_sha256[:2]}/{receipt.file_sha256}"
