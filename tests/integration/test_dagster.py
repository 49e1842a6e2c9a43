"""The assets as Dagster shows them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

import dagster as dg
import pytest

from assets.core.paths import PROJECT_ROOT, Paths
from assets.warehouse.dagster_assets import OWNER
from pipelines.definitions import build_definitions
from pipelines.observability.run_log import REFRESH
from pipelines.project import Project, load_project

# Assets that are files.
NO_TABLE = {"snapshot", "parquet", "returns", "current"}
STAGES = ["reference", "intake", "observations", "scorecards", "quality", "release"]


@pytest.fixture(scope="module")
def project() -> Project:
    return load_project(Paths(PROJECT_ROOT / "data"))


@pytest.fixture(scope="module")
def graph(project: Project) -> dg.AssetGraph:
    return build_definitions(project).resolve_asset_graph()


def test_every_asset_has_group_description_and_kinds(graph: dg.AssetGraph) -> None:
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.group_name in STAGES
        assert node.group_name == key.path[0]
        assert "\n\n" in (node.description or "")
        assert node.kinds
        if key.path[-1] not in NO_TABLE:
            assert node.owners == [OWNER]
            assert set(node.tags) >= {"published", "content"}


def test_the_columns_of_every_table_are_known_before_a_run(project: Project, graph: dg.AssetGraph) -> None:
    for name, table in project.tables.items():
        metadata = graph.get(dg.AssetKey(name.split("."))).metadata
        schema = metadata["dagster/column_schema"]
        assert [(column.name, column.type) for column in schema.columns] == [
            (column_name, column.type) for column_name, column in table.columns.items()
        ]


def test_sql_and_column_lineage_of_every_model_are_known_before_a_run(project: Project, graph: dg.AssetGraph) -> None:
    for name, model in project.models.items():
        metadata = graph.get(dg.AssetKey(name.split("."))).metadata
        assert model.sql in metadata["sql"].value
        lineage = metadata["dagster/column_lineage"].deps_by_column
        assert set(lineage) == set(model.table.columns)
        upstream = {".".join(dependency.asset_key.path) for columns in lineage.values() for dependency in columns}
        assert upstream
        assert upstream <= set(model.upstream)


def test_models_have_code_versions_and_the_dependencies_of_their_sql(project: Project, graph: dg.AssetGraph) -> None:
    for name, model in project.models.items():
        node = graph.get(dg.AssetKey(name.split(".")))
        assert node.code_version == model.version
        assert {".".join(key.path) for key in node.parent_keys} == set(model.upstream)


def stage(path: Sequence[str]) -> str:
    """The schema, but for flags and approvals: they stand between vintages and observations (docs/architecture.md)."""
    return "observations" if list(path) in (["quality", "flags"], ["quality", "approvals"]) else path[0]


def test_stages_only_read_what_comes_before_them(graph: dg.AssetGraph) -> None:
    # `quality` has the files and rejects, which stand beside the flow, and the audit, which comes after the scorecards.
    for key in graph.get_all_asset_keys():
        for parent in graph.get(key).parent_keys:
            assert STAGES.index(stage(parent.path)) <= STAGES.index(stage(key.path))


def test_the_refresh_job_makes_everything(project: Project, graph: dg.AssetGraph) -> None:
    job = build_definitions(project).resolve_job_def(REFRESH)
    assert set(job.asset_layer.executable_asset_keys) == set(graph.get_all_asset_keys())
    assert job.executor_def is dg.in_process_executor


def test_every_audited_table_shows_its_contract_as_a_check(project: Project, graph: dg.AssetGraph) -> None:
    shown = {(".".join(key.asset_key.path), key.name) for key in graph.asset_check_keys}
    audited = {(check.table, check.name if check.is_sql else "contract") for check in project.checks}
    # What the clock decides is shown and stands in no release; the gate is made of all other checks.
    gate = ("release.parquet", "no_blocking_check_fails")
    assert shown - audited == {("quality.freshness", "check_figures_are_in_time"), gate}
    assert audited <= shown


def test_the_gate_blocks_the_release_and_no_other_step(project: Project) -> None:
    job = build_definitions(project).resolve_job_def(REFRESH)
    blocked = {node.name for node, inputs in job.dependencies.items() if "'release__gate'" in str(inputs)}
    assert blocked == {"release__current"}


def test_lineage_of_a_score_names_the_columns_it_is_made_of(project: Project) -> None:
    model = project.models["scorecards.basket_members"]
    made_of = model.column_lineage({name: tuple(project.tables[name].columns) for name in model.upstream})
    assert made_of["attainment_scaled"] == [("scorecards.indicator_scores", "attainment")]
    weights = [("reference.basket_indicators", "weight"), ("scorecards.indicator_scores", "weight")]
    assert made_of["weight_scaled"] == weights


def test_definitions_load_in_the_way_the_web_server_loads_them(tmp_path: os.PathLike[str]) -> None:
    home = {"DAGSTER_HOME": str(tmp_path)}
    loaded = "from pipelines.definitions import defs; print(len(defs().resolve_asset_graph().get_all_asset_keys()))"
    done = subprocess.run(
        [sys.executable, "-c", loaded], cwd=PROJECT_ROOT, env={**os.environ, **home}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 30
