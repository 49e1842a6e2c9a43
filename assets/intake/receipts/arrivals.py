"""Later arrivals: contents that were sent again after other files, so that they count as the latest ones.

Here: their records in the lake, one file for each look at the inbox, and the listing of the inbox with which that look
is compared. Not here: receipts (assets.intake.receipts.receipts) and scanning (assets.intake.receipts.archive).

A file that stays in the inbox is no arrival. It is one where it was written again, came back after it was gone, or came
under another name; not where it was only renamed, or reappears as it was, as after an unmounted folder. The same bytes
from two senders are an arrival of each: both get an answer, and the rows count once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from assets.core.errors import DataError, Issue
from assets.core.files import write_atomically, write_cache
from assets.core.sealed import read_sealed, seal
from assets.core.strict_model import StrictModel
from assets.intake.receipts.archive import FileState, InboxFile

FOLDER, ARRIVALS_SUFFIX = "arrivals", ".arrivals.json"


# A time that other times can be compared with and added to.
Moment = Annotated[AwareDatetime, Field(ge=datetime(1970, 1, 2, tzinfo=UTC), le=datetime(2999, 12, 31, tzinfo=UTC))]


class Arrival(StrictModel):
    """A later arrival of a content that has a receipt."""

    file: str
    file_sha256: str
    received_at: Moment


class ArrivalBatch(StrictModel):
    """The later arrivals of one look at the inbox: all of them count, or after a kill none."""

    arrivals: Annotated[tuple[Arrival, ...], Field(min_length=1)]

    @property
    def name(self) -> str:
        """The name of its file: the first time, and a digest, so that two machines never share one."""
        text = self.model_dump_json()
        moment = self.arrivals[0].received_at
        return f"{moment:%Y%m%dT%H%M%S%f}.{hashlib.sha256(text.encode()).hexdigest()[:12]}{ARRIVALS_SUFFIX}"

    def write(self, folder: Path) -> None:
        """Write the batch into the folder of a dataset in the lake."""
        write_atomically(folder / FOLDER / self.name, self.model_dump_json(indent=1), is_durable=True)


def read_batches(folder: Path) -> list[ArrivalBatch]:
    """Return the batches of one dataset; raise DataError with the damaged ones."""
    batches, issues = [], []
    for file in sorted((folder / FOLDER).glob("*.json")):
        batch = _read_batch(file)
        if batch is not None:
            batches.append(batch)
        else:
            issues.append(Issue("receipt_damaged", file.name, file=f"lake/{folder.name}/{FOLDER}/{file.name}"))
    if issues:
        raise DataError(issues)
    return batches


def _read_batch(file: Path) -> ArrivalBatch | None:
    """Return a batch; None where it is damaged, so that its name, which has its digest, does not fit."""
    try:
        batch = ArrivalBatch.model_validate_json(file.read_bytes())
    except (OSError, ValidationError):
        return None
    return batch if batch.name == file.name else None


def group_arrivals(folder: Path) -> dict[str, list[Arrival]]:
    """Return the later arrivals of one dataset by content, in order of time."""
    by_content: dict[str, list[Arrival]] = {}
    arrivals = (arrival for batch in read_batches(folder) for arrival in batch.arrivals)
    for arrival in sorted(arrivals, key=lambda arrival: (arrival.received_at, arrival.file)):
        by_content.setdefault(arrival.file_sha256, []).append(arrival)
    return by_content


def sender_folder(file: str) -> str:
    """Return the folder of a sender, below that of the dataset; empty for a file that lies in none."""
    parts = file.split("/")
    return parts[1] if len(parts) > 2 else ""


class _Entry(BaseModel):
    """A name of the inbox at the last look that found a file there; `is_gone` where later looks found none."""

    model_config = ConfigDict(frozen=True)

    sha256: str
    state: FileState
    is_gone: bool = False


class InboxListing:
    """The names of one dataset in the inbox at the last look, and the content of each.

    A listing that is lost costs the later arrivals between two looks: every file counts as one that stayed.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._entries = _read_entries(file)

    @property
    def is_lost(self) -> bool:
        """Whether there is no listing of an earlier look."""
        return self._entries is None

    def find_sent_again(self, files: Sequence[InboxFile]) -> list[InboxFile]:
        """Return the files that were put there since the last look."""
        if self._entries is None:
            return []
        names = {file.name for file in files}
        gone = [entry for name, entry in self._entries.items() if name not in names]
        return [file for file in files if self._is_sent_again(file, self._entries.get(file.name), gone)]

    @staticmethod
    def _is_sent_again(file: InboxFile, entry: _Entry | None, gone: Iterable[_Entry]) -> bool:
        if entry is None:
            known = (file.sha256, file.state.modified_ns)
            return not any((other.sha256, other.state.modified_ns) == known for other in gone)
        if entry.sha256 != file.sha256:
            return True
        before, now = entry.state, file.state
        # A change of the permissions is no arrival; a copy that keeps the time of its original has another inode.
        is_another = entry.is_gone or before.inode != now.inode
        return before.modified_ns != now.modified_ns or (before.changed_ns != now.changed_ns and is_another)

    def write(self, files: Iterable[InboxFile]) -> None:
        """Write what this look found; it must be called after the arrivals were written."""
        present = {file.name: _Entry(sha256=file.sha256, state=file.state) for file in files}
        gone = {name: entry.model_copy(update={"is_gone": True}) for name, entry in (self._entries or {}).items()}
        entries = {**gone, **present}
        if entries != self._entries:
            content = {name: entries[name].model_dump() for name in sorted(entries)}
            write_cache(self._file, seal(content))


def _read_entries(file: Path) -> Mapping[str, _Entry] | None:
    content = read_sealed(file)
    try:
        return None if content is None else {name: _Entry.model_validate(entry) for name, entry in content.items()}
    except ValidationError:
        return None
