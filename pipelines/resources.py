"""What a run holds while it lasts: the candidate database, to itself, and the auditor, warming up."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from assets.errors import Finding, WrongCall
from assets.paths import Paths
from assets.quality.auditor import Auditor
from assets.release.candidates import set_aside
from assets.warehouse.connection import Warehouse


@contextmanager
def only_run(paths: Paths) -> Iterator[None]:
    """Hold the lock of the data directory, which the system frees when a run dies; WrongCall where another holds it."""
    paths.state.mkdir(parents=True, exist_ok=True)
    with (paths.state / "run.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise WrongCall(Finding("run_in_progress", f"pid {lock.read().strip()}")) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def warehouse_resource(paths: Paths) -> dg.ResourceDefinition:
    """The candidate database, for one run at a time, whoever starts it."""

    def hold(_context: dg.InitResourceContext) -> Iterator[Warehouse]:
        with only_run(paths):
            set_aside(paths)  # what a run that was killed left undone
            try:
                yield Warehouse(paths)
            finally:
                set_aside(paths)

    return dg.ResourceDefinition(contextmanager(hold), description="候选数据库\n\nThe candidate database")


def auditor_resource() -> dg.ResourceDefinition:
    """Great Expectations in a process of its own, started with the run so that it is warm when asked."""

    def start(_context: dg.InitResourceContext) -> Iterator[Auditor]:
        with Auditor() as auditor:
            yield auditor

    return dg.ResourceDefinition(
        contextmanager(start), description="检查进程\n\nThe process that carries out the checks"
    )
