"""Deleting what the settings do not keep: old releases, and old runs, which Dagster never deletes itself.

What belongs here: which runs are old. What does not: deleting releases (assets.release.publish.retention), and when it
happens (pipelines.orchestration.jobs, pipelines.runner).
"""

import os
import sys
from datetime import UTC, datetime, timedelta

import dagster as dg

from assets.core.paths import Paths
from assets.core.settings import PruneSettings, read_settings
from assets.release.publish.retention import PruneResult, prune_releases
from pipelines.orchestration.dagster_internals.run_deletion import delete_run
from pipelines.orchestration.instance import HOME_VARIABLE, open_instance

_BATCH = 100
_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


def prune_runs(instance: dg.DagsterInstance, before: datetime) -> int:
    """Delete every run that ended before this moment, with its events; return their number."""
    filters = dg.RunsFilter(statuses=_ENDED, updated_before=before)
    removed = 0
    while records := instance.get_run_records(filters, limit=_BATCH):
        for record in records:
            delete_run(instance, record.dagster_run.run_id)
        removed += len(records)
    return removed


def prune_by_settings(paths: Paths, settings: PruneSettings, instance: dg.DagsterInstance) -> tuple[PruneResult, int]:
    """Delete what the settings do not keep; return what became of the releases, and the number of deleted runs."""
    pruned = prune_releases(paths, settings.keep_releases or sys.maxsize)
    return pruned, prune_runs(instance, datetime.now(UTC) - timedelta(days=settings.keep_run_days))


def delete_old_runs(paths: Paths) -> int:
    """Delete the runs that are older than the settings keep; return their number."""
    if not (paths.state / "dagster").is_dir() and HOME_VARIABLE not in os.environ:
        return 0
    kept = timedelta(days=read_settings(paths).schedules.pruning.keep_run_days)
    with open_instance(paths) as instance:
        return prune_runs(instance, datetime.now(UTC) - kept)
