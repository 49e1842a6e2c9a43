"""The receipts of the shared store that this machine has, because it fetched or stored them.

Here: the record of them in the state folder, and whether the store holds others. A lost record costs reading the
receipts of the store once more. Not here: fetching and storing (assets.intake.receipts.sync).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from assets.core.files import write_atomically
from assets.core.paths import Paths
from assets.core.sealed import read_sealed, seal

RECEIPTS = "receipts"
# Suffixes of the files of results in the lake, and the folders of the store that hold them.
ROWS, REJECTS = "parquet", "rejects.parquet"
_RESULT_FOLDERS = {ROWS: "rows", REJECTS: "rejects"}


def result_folder(dataset: str, recipe: str, suffix: str) -> str:
    """Return the folder of the store with the rows or rejects that one recipe gives.

    A cluster reads it as one table, with `file_sha256` and `checksum` as columns (Hive partitions).
    """
    return f"results/{dataset}/{recipe}/{_RESULT_FOLDERS[suffix]}"


class SyncState(BaseModel):
    """The receipts of a dataset that are both here and in one store.

    `names` has the checksums of the results by suffix, for each name of a receipt; empty where they were not fetched.
    """

    model_config = ConfigDict(frozen=True)

    store: str
    recipe: str
    names: dict[str, dict[str, str]]


def read_sync_state(paths: Paths, dataset: str) -> SyncState | None:
    """Return the record of a dataset; None where there is none that can be read."""
    try:
        return SyncState.model_validate(read_sealed(_file(paths, dataset)))
    except ValidationError:
        return None


def write_sync_state(paths: Paths, dataset: str, state: SyncState) -> None:
    """Write the record of a dataset."""
    write_atomically(_file(paths, dataset), seal(state.model_dump()))


def sync_state_digest(paths: Paths) -> str:
    """Return one digest of all records; a release stores it."""
    states = {dataset: read_sync_state(paths, dataset) for dataset in _datasets(paths)}
    return _digest({dataset: state.names if state else () for dataset, state in states.items()})


def has_remote_changes(paths: Paths, last_digest: str) -> bool:
    """Return whether the store holds other receipts of these datasets than a release with this digest."""
    datasets = _datasets(paths)
    if not datasets and last_digest == _digest({}):
        return False
    from assets.core.object_store import open_store  # slow to import, and most installations have no store

    store = open_store(paths)
    if store is None:
        return False
    receipts: dict[str, list[str]] = {dataset: [] for dataset in datasets}
    for name in store.list(RECEIPTS):
        dataset, _, receipt = name.partition("/")
        if dataset in receipts:
            receipts[dataset].append(receipt)
    return _digest(receipts) != last_digest


def _digest(names: Mapping[str, Iterable[str]]) -> str:
    text = json.dumps({dataset: sorted(names[dataset]) for dataset in sorted(names)})
    return hashlib.sha256(text.encode()).hexdigest()


def _datasets(paths: Paths) -> list[str]:
    return [file.stem for file in (paths.state / "shared").glob("*.json")]


def _file(paths: Paths, dataset: str) -> Path:
    return paths.state / "shared" / f"{dataset}.json"
