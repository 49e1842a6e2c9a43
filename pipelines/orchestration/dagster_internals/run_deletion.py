"""Deleting a run with everything that Dagster's own deletion leaves behind."""

from pathlib import Path

from dagster import DagsterInstance
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage


def delete_run(instance: DagsterInstance, run_id: str) -> None:
    """Delete a run, its events, the results of its asset checks, and its SQLite file."""
    storage = instance.event_log_storage
    instance.delete_run(run_id)
    if isinstance(storage, SqlEventLogStorage):
        with storage.index_connection() as connection:
            table = AssetCheckExecutionsTable
            connection.execute(table.delete().where(table.c.run_id == run_id))
    path_for_shard = getattr(storage, "path_for_shard", None)
    if path_for_shard is not None:
        file = Path(path_for_shard(run_id))
        for suffix in ("", "-wal", "-shm", "-journal"):
            file.with_name(file.name + suffix).unlink(missing_ok=True)
