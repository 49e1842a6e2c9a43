"""Which receipts of the shared store this machine has: fetched from it, or put there.

Here: the note of them in the state, and whether the store holds others. Losing the note costs reading the receipts of
the store once more. Not here: fetching and putting (assets.intake.receipts.sync).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from assets.core.paths import Paths

RECEIPTS = "receipts"
# What the names of results end with in the lake, and where the store has them.
ROWS, REJECTS = "parquet", "rejects.parquet"
_KINDS = {ROWS: "rows", REJECTS: "rejects"}


def result_folder(dataset: str, recipe: str, suffix: str) -> str:
    """The folder of the store with what was read by one recipe: of files, by what their names end with here.

    Its parts are named so that a cluster reads it as one table, with `file_sha256` and `checksum` as columns.
    """
    return f"results/{dataset}/{recipe}/{_KINDS[suffix]}"


class SyncState(BaseModel):
    """The receipts of a dataset in one store: by name, and each with the checksums of its results, as far as asked for.

    `recipe` is the one by which files are read here.
    """

    model_config = ConfigDict(frozen=True)

    store: str
    recipe: str
    names: dict[str, dict[str, str]]


def read_sync_state(paths: Paths, dataset: str) -> SyncState | None:
    """What is here of a dataset as it is in a store; None where nothing is."""
    try:
        return SyncState.model_validate_json(_file(paths, dataset).read_bytes())
    except (OSError, ValidationError):
        return None


def write_sync_state(paths: Paths, dataset: str, note: SyncState) -> None:
    """Note what is here of a dataset as it is in a store."""
    file = _file(paths, dataset)
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_suffix(".tmp")
    temporary.write_text(note.model_dump_json(), encoding="utf-8")
    temporary.rename(file)


def sync_state_digest(paths: Paths) -> str:
    """All that is noted, as one digest; a release remembers it."""
    return _digest(
        {dataset: note.names if (note := read_sync_state(paths, dataset)) else () for dataset in _datasets(paths)}
    )


def has_remote_changes(paths: Paths, remembered: str) -> bool:
    """Whether the store holds other receipts of our datasets than the release that remembers this digest."""
    datasets = _datasets(paths)
    if not datasets and remembered == _digest({}):
        return False
    from assets.core.object_store import open_store  # what speaks to storage is not imported where there is none

    store = open_store(paths)
    if store is None:
        return False
    there: dict[str, list[str]] = {dataset: [] for dataset in datasets}
    for name in store.listed(RECEIPTS):
        dataset, _, receipt = name.partition("/")
        if dataset in there:
            there[dataset].append(receipt)
    return _digest(there) != remembered


def _digest(names: Mapping[str, Iterable[str]]) -> str:
    said = json.dumps({dataset: sorted(names[dataset]) for dataset in sorted(names)})
    return hashlib.sha256(said.encode()).hexdigest()


def _datasets(paths: Paths) -> list[str]:
    return [file.stem for file in (paths.state / "shared").glob("*.json")]


def _file(paths: Paths, dataset: str) -> Path:
    return paths.state / "shared" / f"{dataset}.json"
