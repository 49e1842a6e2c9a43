"""Gancheng from the inbox to the scores and no further, which is the work that the peers do.

No audit, no ranks, no release. `python -m benchmarks.to_scores PROVINCE`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import dagster as dg

from assets.core.paths import Paths
from pipelines.definitions import build_definitions
from pipelines.orchestration.instance import open_instance
from pipelines.project import load_project

JOB = "scores"


def main(province: Path) -> None:
    paths = Paths(province.resolve())
    scores_of = (["scorecards", f"{level}_scores"] for level in ("city", "dimension"))
    wanted = dg.AssetSelection.assets(*scores_of, ["intake", "rejects"], ["intake", "files"])
    scores = dg.define_asset_job(JOB, selection=wanted.upstream().required_multi_asset_neighbors().without_checks())
    definitions = dg.Definitions.merge(build_definitions(load_project(paths)), dg.Definitions(jobs=[scores]))
    with open_instance(paths) as instance:
        definitions.resolve_job_def(JOB).execute_in_process(
            instance=instance, run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
