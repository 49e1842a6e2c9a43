"""The resources of a run: the candidate database, the engine, and the worker processes.

What belongs here: creating a resource at the start of a run and closing it at the end. What does not: the run lock and
the run log (pipelines.orchestration.run_context).
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import dagster as dg

from assets.core.paths import Paths
from assets.core.settings import read_settings
from assets.intake.readers.reader_process import ReaderProcess
from assets.quality.checks.gx_worker import ValidationWorker
from assets.release.outputs.returns_worker import ReturnsWorker
from assets.release.publish.fingerprint import describe_written_files
from assets.release.publish.quarantine import quarantine_candidate
from assets.release.publish.staging import discard_staging
from assets.warehouse.connection import Warehouse
from assets.warehouse.engines import open_engine
from pipelines.observability.run_log import REFRESH
from pipelines.orchestration.run_context import RUN_CONTEXT, run_context_resource

VALIDATION_WORKER = "validation_worker"
# A run with this tag leaves the inbox alone and releases what was read before.
INBOX_TAG, INBOX_CLOSED = "gancheng/inbox", "closed"


def build_resources(paths: Paths) -> dict[str, dg.ResourceDefinition]:
    """Return all resources, by the names under which assets require them."""
    return {
        RUN_CONTEXT: run_context_resource(paths),
        "warehouse": _resource(lambda context: _open_warehouse(paths, context), "候选数据库", "The candidate database"),
        "engine": _resource(lambda _: open_engine(read_settings(paths).engine, paths), "计算引擎", "Builds the models"),
        "workbook_reader": _resource(lambda _: ReaderProcess(), "读取进程", "The process that reads workbooks"),
        VALIDATION_WORKER: _resource(lambda _: ValidationWorker(), "检查进程", "The process of Great Expectations"),
        "returns_worker": _resource(lambda _: ReturnsWorker(paths), "退回进程", "The process that writes the returns"),
        "written_files": _resource(
            # Hashed before the steps read them: a file that is edited during the run has another hash at its end.
            lambda _: nullcontext(describe_written_files(paths)),
            "人工编写的文件",
            "The files that people write",
        ),
    }


def _resource(
    open_it: Callable[[dg.InitResourceContext], AbstractContextManager[Any]], zh: str, en: str
) -> dg.ResourceDefinition:
    """Return a resource that is opened when the run holds its lock."""

    def hold(context: dg.InitResourceContext) -> Iterator[Any]:
        with open_it(context) as resource:
            yield resource

    return dg.ResourceDefinition(
        contextmanager(hold), required_resource_keys={RUN_CONTEXT}, description=f"{zh}\n\n{en}"
    )


@contextmanager
def _open_warehouse(paths: Paths, context: dg.InitResourceContext) -> Iterator[Warehouse]:
    def clean_up() -> None:
        quarantine_candidate(paths)
        discard_staging(paths)

    clean_up()  # after a run that was killed
    is_closed = context.run is not None and context.run.tags.get(INBOX_TAG) == INBOX_CLOSED
    warehouse = Warehouse(paths, ingest_inbox=not is_closed)
    if _makes_every_table(context):
        warehouse.discard()  # an older candidate may be damaged in a place not read yet
    try:
        warehouse.open()
        yield warehouse
    finally:
        warehouse.close()
        clean_up()


def _makes_every_table(context: dg.InitResourceContext) -> bool:
    """Return whether the run is a whole refresh; one of selected assets or steps reads tables of earlier runs."""
    run, instance = context.run, context.instance
    if run is None or instance is None or run.job_name != REFRESH:
        return False
    plan = instance.get_execution_plan_snapshot(run.execution_plan_snapshot_id or "")
    is_partial = run.asset_selection or run.asset_check_selection or run.resolved_op_selection
    return not is_partial and len(plan.step_keys_to_execute) == len(plan.steps)
