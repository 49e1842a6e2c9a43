"""What a run works with in its turn: the candidate database, the engine, the auditor, warming up, and the clerk."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from assets.core.paths import Paths
from assets.core.settings import read_settings
from assets.quality.checks.gx_worker import ValidationWorker
from assets.release.outputs.returns_worker import ReturnsWorker
from assets.release.publish.quarantine import quarantine_candidate
from assets.release.publish.staging import discard_staging
from assets.warehouse.connection import Warehouse
from assets.warehouse.engines import Engine, open_engine
from pipelines.orchestration.run_context import RUN_CONTEXT

VALIDATION_WORKER = "auditor"
# Whether a run takes in what lies in the inbox; a release can be rebuilt from what was taken in before.
INBOX_TAG, CLOSED = "gancheng/inbox", "closed"


def warehouse_resource(paths: Paths) -> dg.ResourceDefinition:
    """The candidate database, for the run whose turn it is."""

    def hold(context: dg.InitResourceContext) -> Iterator[Warehouse]:
        is_open = context.run is None or context.run.tags.get(INBOX_TAG) != CLOSED
        quarantine_candidate(paths)  # what a run that was killed left undone
        discard_staging(paths)
        warehouse = Warehouse(paths, ingest_inbox=is_open)
        try:
            warehouse.open()
            yield warehouse
        finally:
            warehouse.close()
            quarantine_candidate(paths)
            discard_staging(paths)

    return dg.ResourceDefinition(
        contextmanager(hold), required_resource_keys={RUN_CONTEXT}, description="候选数据库\n\nThe candidate database"
    )


def engine_resource(paths: Paths) -> dg.ResourceDefinition:
    """What builds the models, as the data directory says."""

    def start(_context: dg.InitResourceContext) -> Iterator[Engine]:
        with open_engine(read_settings(paths).engine, paths) as engine:
            yield engine

    return dg.ResourceDefinition(contextmanager(start), description="计算引擎\n\nThe engine that builds the models")


def validation_worker_resource() -> dg.ResourceDefinition:
    """Great Expectations in a process of its own, started with the run so that it is warm when asked."""

    def start(_context: dg.InitResourceContext) -> Iterator[ValidationWorker]:
        with ValidationWorker() as auditor:
            yield auditor

    return dg.ResourceDefinition(
        contextmanager(start), description="检查进程\n\nThe process that carries out the checks"
    )


def returns_worker_resource(paths: Paths) -> dg.ResourceDefinition:
    """What writes the returns of the run whose turn it is, in a process of its own."""

    def start(_context: dg.InitResourceContext) -> Iterator[ReturnsWorker]:
        with ReturnsWorker(paths) as clerk:
            yield clerk

    return dg.ResourceDefinition(
        contextmanager(start),
        required_resource_keys={RUN_CONTEXT},
        description="退回进程\n\nThe process that writes the returns",
    )
