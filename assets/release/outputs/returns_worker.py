"""The clerk: returns are written by a process of its own, while the run computes and is audited.

What is rejected is known once the files are taken in, long before anything is published. DuckDB lets nobody read a file
that a run writes, so the tables that returns are made of are handed over as Parquet, below a folder of the warehouse;
there the returns lie until the release takes them over.

Here: handing over, taking over, and that nothing of it stays behind. Not here: whose a row is and how it is written
(assets.release.outputs.returns), and the process as such (assets.core.worker).
"""

from __future__ import annotations

import shutil
import tempfile
from concurrent.futures import Future
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from assets.core.paths import Paths
from assets.core.worker import Worker
from assets.release.outputs.returns import FOLDER, write_returns
from assets.warehouse.connection import Connection, connect_in_memory, quote_identifier, quote_literal
from assets.warehouse.parquet import write_parquet

# What write_returns reads.
SOURCE_TABLES = (
    "quality.rejects",
    "quality.sheets",
    "quality.files",
    "intake.contracts",
    "reference.cities",
    "reference.aliases",
)
_WORK = ".returns-"
# Of the memory of a run, whose other stages go on meanwhile.
_MEMORY = "512MB"


class ReturnsWorker:
    """The returns of one run. The run has its turn: what lies there is of one that was killed."""

    def __init__(self, paths: Paths) -> None:
        self._warehouse = paths.candidate.parent
        self._held = ExitStack()
        self._process: Worker | None = None
        self._written: Future[None] | None = None
        self._folder = self._warehouse

    def __enter__(self) -> ReturnsWorker:
        for leftover in self._warehouse.glob(f"{_WORK}*"):
            shutil.rmtree(leftover)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process = self._written = None
        self._held.close()

    def begin(self, connection: Connection) -> int:
        """Have the returns of the candidate written; the number of faults they tell, and no process where it is 0."""
        self._process = self._written = None
        self._held.close()
        ((faults,),) = connection.execute(
            "select count(*) from quality.rejects where not coalesce(is_resolved, false)"
        ).fetchall()
        if faults:
            self._folder = Path(tempfile.mkdtemp(prefix=_WORK, dir=self._warehouse))
            self._held.callback(shutil.rmtree, self._folder, ignore_errors=True)
            for name in SOURCE_TABLES:
                write_parquet(connection, f"from {name}", self._folder / f"{name}.parquet", {})
            self._process = self._held.enter_context(Worker())
            self._written = self._process.submit(_write, self._folder)
        return int(faults)

    def put(self, connection: Connection, folder: Path) -> list[Path]:
        """Put the returns below `folder/returns`; return the files. What was not begun is written here.

        Raises OSError or WorkerError where they could not be written.
        """
        if self._written is None:
            return write_returns(connection, folder)
        self._written.result()
        if not (self._folder / FOLDER).is_dir():
            return []
        # A rename, unless somebody keeps releases on another disk.
        shutil.move(self._folder / FOLDER, folder / FOLDER)
        return sorted(path for path in (folder / FOLDER).rglob("*") if path.is_file())


def _write(folder: Path) -> None:
    with connect_in_memory(_MEMORY, folder / "spill") as connection:
        for name in SOURCE_TABLES:
            schema, view = map(quote_identifier, name.split("."))
            connection.execute(f"create schema if not exists {schema}")
            file = quote_literal(folder / f"{name}.parquet")
            connection.execute(f"create view {schema}.{view} as from read_parquet({file})")
        write_returns(connection, folder)
