"""The jobs: everything, the files alone, a release of what was read before, and deleting what is old.

What belongs here: which assets a job makes, and its tags. What does not: when a job runs (schedules.py, sensors.py).
"""

from collections.abc import Mapping

import dagster as dg

from assets.core.paths import Paths
from assets.core.settings import PruneSettings
from assets.release.assets import INPUTS_TAG
from assets.warehouse import dagster_assets
from pipelines.observability.run_log import INTAKE, PRUNE, REFRESH, RELEASE
from pipelines.orchestration.resources import INBOX_CLOSED, INBOX_TAG
from pipelines.orchestration.retention import prune_by_settings
from pipelines.orchestration.run_context import RUN_CONTEXT, run_context_resource

# Every event is in Dagster's storage; the console of a server shows only the messages of our own steps.
_QUIET = {"loggers": {"console": {"config": {"log_level": "INFO"}}}}
# A run that lost its process starts again with its first step: the steps share one database.
_TAGS = {"dagster/retry_strategy": "ALL_STEPS"}

_ALL = dg.AssetSelection.all()
_INTAKE = dg.AssetSelection.groups("reference", "intake").without_checks()

# Name, assets, tags and description of each.
DATA_JOBS = tuple(
    dg.define_asset_job(name, selection, tags=_TAGS | tags, config=_QUIET, description=f"{zh}\n\n{en}")
    for name, selection, tags, zh, en in (
        (REFRESH, _ALL, {}, "从收件箱中的文件到发布", "From the files in the inbox to a release"),
        (INTAKE, _INTAKE, {}, "只读取收件箱中的文件，不发布", "Read the files of the inbox without a release"),
        (
            RELEASE,
            _ALL,
            {INBOX_TAG: INBOX_CLOSED},
            "用已读取的内容重新发布",
            "Release what was read before, without the inbox",
        ),
    )
)
_PRUNE_DESCRIPTION = "清理旧的运行记录、未发布的候选和旧发布\n\nDelete old runs, blocked candidates and releases"


def run_tags(job: str, inputs: str | None) -> Mapping[str, str]:
    """Return the tags of a run: only a refresh reads all inputs, and so records their fingerprint."""
    return {INPUTS_TAG: inputs} if inputs is not None and job == REFRESH else {}


def prune_job(paths: Paths, settings: PruneSettings) -> dg.JobDefinition:
    """Return the job that deletes what the settings do not keep. The archive and the lake are never pruned."""

    @dg.op(
        name=f"{PRUNE}_all",
        pool=dagster_assets.POOL,
        description=_PRUNE_DESCRIPTION,
        required_resource_keys={RUN_CONTEXT},
    )
    def prune_all(context: dg.OpExecutionContext) -> None:
        pruned, runs = prune_by_settings(paths, settings, context.instance)
        context.add_output_metadata(
            {"releases_removed": len(pruned.removed), "releases_in_use": len(pruned.in_use), "runs_removed": runs}
        )

    @dg.job(
        name=PRUNE,
        executor_def=dg.in_process_executor,
        resource_defs={RUN_CONTEXT: run_context_resource(paths)},
        description=_PRUNE_DESCRIPTION,
    )
    def prune() -> None:
        prune_all()

    return prune
