"""The models of this stage: one a dataset, their union, and what is told apart in it.

Here: finding `sql/observations/<dataset>.sql` for every contract, and the union of them. Not here: the vintages and the
split by level of area, which are SQL like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from assets.core.errors import DataError, Issue
from assets.warehouse.models import Model
from assets.warehouse.tables import Table

REPORTED = "observations.reported"


def dataset_models(datasets: Sequence[str], folders: Iterable[Path], tables: Mapping[str, Table]) -> dict[str, Model]:
    """The model of each dataset and their union `observations.reported`, whose contract they share.

    Raises Stopped where a dataset has no SQL. SQL of a dataset without a contract is left alone: the data directory
    does not use it.
    """
    files = {name: _find(name, folders) for name in datasets}
    missing = [
        Issue("contract_model", name, f"sql/observations/{name}.sql") for name, file in files.items() if not file
    ]
    if missing:
        raise DataError(missing)
    shared = tables[REPORTED]
    models = {
        f"observations.{name}": Model(shared.model_copy(update={"name": name}), file.read_text(encoding="utf-8"))
        for name, file in files.items()
        if file
    }
    columns = ", ".join(shared.columns)
    union = "\nunion all\n".join(f"select {columns} from {name}" for name in models)
    about = "-- one row per figure that a dataset reports\n-- definition: the union of sql/observations/<dataset>.sql\n"
    return {**models, REPORTED: Model(shared, about + union)}


def _find(dataset: str, folders: Iterable[Path]) -> Path | None:
    found = [folder / "observations" / f"{dataset}.sql" for folder in folders]
    return next((file for file in reversed(found) if file.is_file()), None)
