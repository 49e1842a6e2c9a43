"""Alerts of runs that Dagster starts: what a sensor, a schedule or a person in its pages set going.

Here: the hooks by which such a run tells how it ended. Not here: what is told (pipelines.alerts), and the runs of the
command line, which tell for themselves (pipelines.running).
"""

import dagster as dg

from assets.paths import Paths
from assets.release.reader import current_release
from pipelines import alerts

LAST_STEP = "release__current"


def hooks(paths: Paths) -> frozenset[dg.HookDefinition]:
    """One for a step that fails, one for the release."""

    @dg.failure_hook(name="tell_of_a_failure")
    def tell_of_a_failure(context: dg.HookContext) -> None:
        if isinstance(context.op_exception, Exception):
            alerts.after_failure(paths, context.op_exception)

    @dg.success_hook(name="tell_of_a_release")
    def tell_of_a_release(context: dg.HookContext) -> None:
        release = current_release(paths) if context.op.name == LAST_STEP else None
        if release is not None:
            alerts.after_run(paths, release)

    return frozenset((tell_of_a_failure, tell_of_a_release))
