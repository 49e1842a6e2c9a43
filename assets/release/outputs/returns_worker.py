"""Writing the returns in a worker process, while the run computes and is checked.

The rejected rows are known once the files are read, long before the publication. No other process can read the database
that a run writes, so the tables that returns need are passed as Parquet files, in a folder of the warehouse; the
release moves the finished returns from there.

Here: passing the tables, moving the result, deleting the folder. Not here: the content of returns
(assets.release.outputs.returns) and the process (assets.core.worker).
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

# The tables that write_returns reads.
SOURCE_TABLES = (
    "intake.rejects",
    "intake.sheets",
    "intake.files",
    "intake.file_arrivals",
    "intake.contracts",
    "reference.cities",
    "reference.aliases",
)
_FOLDER_PREFIX = ".returns-"
# The run works at the same time and needs most of the memory.
_MEMORY_LIMIT = "512MB"


class ReturnsWorker:
    """The returns of one run. On entry it deletes the folder that a killed run may have left."""

    def __init__(self, paths: Paths) -> None:
        self._warehouse = paths.candidate.parent
        self._stack = ExitStack()
        self._worker: Worker | None = None
        self._future: Future[None] | None = None
        self._folder = self._warehouse

    def __enter__(self) -> ReturnsWorker:
        for leftover in self._warehouse.glob(f"{_FOLDER_PREFIX}*"):
            shutil.rmtree(leftover)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._worker = self._future = None
        self._stack.close()

    def begin(self, connection: Connection) -> int:
        """Start writing the returns of the candidate, where there are errors; return the number of errors."""
        self._worker = self._future = None
        self._stack.close()
        ((errors,),) = connection.execute(
            "select count(*) from intake.rejects where not coalesce(is_resolved, false)"
        ).fetchall()
        if errors:
            self._folder = Path(tempfile.mkdtemp(prefix=_FOLDER_PREFIX, dir=self._warehouse))
            self._stack.callback(shutil.rmtree, self._folder, ignore_errors=True)
            for name in SOURCE_TABLES:
                write_parquet(connection, f"from {name}", self._folder / f"{name}.parquet", {})
            self._worker = self._stack.enter_context(Worker())
            self._future = self._worker.submit(_write, self._folder)
        return int(errors)

    def put(self, connection: Connection, folder: Path) -> list[Path]:
        """Move the returns to `folder/returns` and return the files; write them here where they were not begun.

        Raises:
            OSError: the system did not let the worker write them.
            WorkerError: the worker failed otherwise.
        """
        if self._future is None:
            return write_returns(connection, folder)
        self._future.result()
        if not (self._folder / FOLDER).is_dir():
            return []
        # A rename, unless the releases are on another disk.
        shutil.move(self._folder / FOLDER, folder / FOLDER)
        return sorted(path for path in (folder / FOLDER).rglob("*") if path.is_file())


def _write(folder: Path) -> None:
    """Write the returns below the folder that has the tables; runs in the worker."""
    with connect_in_memory(_MEMORY_LIMIT, folder / "spill") as connection:
        for name in SOURCE_TABLES:
            schema, view = map(quote_identifier, name.split("."))
            connection.execute(f"create schema if not exists {schema}")
            file = quote_literal(folder / f"{name}.parquet")
            connection.execute(f"create view {schema}.{view} as from read_parquet({file})")
        write_returns(connection, folder)
