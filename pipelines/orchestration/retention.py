"""Deleting old runs from Dagster's storage, which Dagster never does itself.

What belongs here: which runs are old. What does not: releases (assets.release.publish.retention), and the job
(pipelines.orchestration.jobs).
"""

import os
from datetime import UTC, datetime, timedelta

import dagster as dg

from assets.core.paths import Paths
from assets.core.settings import read_settings
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


def delete_old_runs(paths: Paths) -> int:
    """Delete the runs that are older than the settings keep; return their number."""
    if not (paths.state / "dagster").is_dir() and HOME_VARIABLE not in os.environ:
        return 0
    kept = timedelta(days=read_settings(paths).schedules.pruning.keep_run_days)
    with open_instance(paths) as instance:
        return prune_runs(instance, datetime.now(UTC) - kept)
