"""What a run works with in its turn: the candidate database, the engine, the auditor, warming up, and the clerk."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from assets.paths import Paths
from assets.quality.auditor import Auditor
from assets.release.candidates import set_aside
from assets.release.clerk import Clerk
from assets.release.draft import drop_draft
from assets.warehouse.connection import Warehouse
from assets.warehouse.engines import Engine, opened, read_engine
from pipelines.turns import TURN

AUDITOR = "auditor"
# Whether a run takes in what lies in the inbox; a release can be rebuilt from what was taken in before.
INBOX_TAG, CLOSED = "gancheng/inbox", "closed"


def warehouse_resource(paths: Paths) -> dg.ResourceDefinition:
    """The candidate database, for the run whose turn it is."""

    def hold(context: dg.InitResourceContext) -> Iterator[Warehouse]:
        is_open = context.run is None or context.run.tags.get(INBOX_TAG) != CLOSED
        set_aside(paths)  # what a run that was killed left undone
        drop_draft(paths)
        warehouse = Warehouse(paths, takes_in=is_open)
        try:
            warehouse.hold()
            yield warehouse
        finally:
            warehouse.let_go()
            set_aside(paths)
            drop_draft(paths)

    return dg.ResourceDefinition(
        contextmanager(hold), required_resource_keys={TURN}, description="候选数据库\n\nThe candidate database"
    )


def engine_resource(paths: Paths) -> dg.ResourceDefinition:
    """What builds the models, as the data directory says."""

    def start(_context: dg.InitResourceContext) -> Iterator[Engine]:
        with opened(read_engine(paths.engine), paths) as engine:
            yield engine

    return dg.ResourceDefinition(contextmanager(start), description="计算引擎\n\nThe engine that builds the models")


def auditor_resource() -> dg.ResourceDefinition:
    """Great Expectations in a process of its own, started with the run so that it is warm when asked."""

    def start(_context: dg.InitResourceContext) -> Iterator[Auditor]:
        with Auditor() as auditor:
            yield auditor

    return dg.ResourceDefinition(
        contextmanager(start), description="检查进程\n\nThe process that carries out the checks"
    )


def clerk_resource(paths: Paths) -> dg.ResourceDefinition:
    """What writes the returns of the run whose turn it is, in a process of its own."""

    def start(_context: dg.InitResourceContext) -> Iterator[Clerk]:
        with Clerk(paths) as clerk:
            yield clerk

    return dg.ResourceDefinition(
        contextmanager(start),
        required_resource_keys={TURN},
        description="退回进程\n\nThe process that writes the returns",
    )
