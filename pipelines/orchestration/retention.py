"""Taking away what is old: releases, blocked candidates, and Dagster's memory of runs, which it never empties itself.

Here: the job `prune`. Not here: which releases may go (assets.release.publish.retention). The archive and the lake are
never touched: they are the memory of what arrived.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage

from assets.core.paths import Paths
from assets.release.publish import retention
from assets.warehouse import dagster_assets
from pipelines.orchestration.instance import HOME_VARIABLE, open_instance
from pipelines.orchestration.run_context import RUN_CONTEXT, run_context_resource
from pipelines.schedule_settings import PRUNE, PruneSettings, read_schedule_settings

_BATCH = 100
_ABOUT = "清理旧的运行记录、未发布的候选和旧发布\n\nTake away old runs, blocked candidates and releases"


def prune_job(paths: Paths, settings: PruneSettings) -> dg.JobDefinition:
    """The job that takes away what the settings do not keep."""

    @dg.op(name=f"{PRUNE}_all", pool=dagster_assets.POOL, description=_ABOUT, required_resource_keys={RUN_CONTEXT})
    def prune_all(context: dg.OpExecutionContext) -> None:
        there = len(retention.list_releases(paths))
        pruned = retention.prune_releases(paths, settings.keep_releases or there)
        runs = prune_runs(context.instance, datetime.now(UTC) - timedelta(days=settings.keep_run_days))
        context.add_output_metadata(
            {"releases_removed": len(pruned.removed), "releases_in_use": len(pruned.in_use), "runs_removed": runs}
        )

    @dg.job(
        name=PRUNE,
        executor_def=dg.in_process_executor,
        resource_defs={RUN_CONTEXT: run_context_resource(paths)},
        description=_ABOUT,
    )
    def prune() -> None:
        prune_all()

    return prune


def prune_runs(instance: dg.DagsterInstance, before: datetime) -> int:
    """Forget every run that ended before this moment, with its events; returns how many."""
    removed = 0
    for run_ids in _ended_before(instance, before):
        for run_id in run_ids:
            _forget(instance, run_id)
        removed += len(run_ids)
    return removed


def _ended_before(instance: dg.DagsterInstance, before: datetime) -> Iterator[list[str]]:
    ended = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
    filters = dg.RunsFilter(statuses=ended, updated_before=before)
    while records := instance.get_run_records(filters, limit=_BATCH):
        yield [record.dagster_run.run_id for record in records]


def _forget(instance: dg.DagsterInstance, run_id: str) -> None:
    """Dagster deletes a run and its events, and leaves two things: the results of checks, and the run's own file."""
    storage = instance.event_log_storage
    instance.delete_run(run_id)
    if isinstance(storage, SqlEventLogStorage):
        with storage.index_connection() as connection:
            table = AssetCheckExecutionsTable
            connection.execute(table.delete().where(table.c.run_id == run_id))
    shard = getattr(storage, "path_for_shard", None)
    if shard is not None:
        file = Path(shard(run_id))
        for part in (file, *(file.with_name(file.name + end) for end in ("-wal", "-shm", "-journal"))):
            part.unlink(missing_ok=True)


def delete_old_runs(paths: Paths) -> int:
    """Forget what Dagster remembers of runs that are older than the settings keep; returns how many there were."""
    if not (paths.state / "dagster").is_dir() and HOME_VARIABLE not in os.environ:
        return 0
    kept = timedelta(days=read_schedule_settings(paths).pruning.keep_run_days)
    with open_instance(paths) as instance:
        return prune_runs(instance, datetime.now(UTC) - kept)
