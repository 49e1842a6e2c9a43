"""Jobs of an office in a second code location: served with those of Gancheng, behind the same gateway."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from assets.core.errors import UsageError
from assets.core.paths import Paths
from pipelines.orchestration.server import serve
from tests.builders.data_directories import copy_countries, wait_until
from tests.servers.dagster_servers import PATIENCE, served

OFFICE = """
import dagster as dg

@dg.op
def greet():
    pass

@dg.job
def greetings():
    greet()

definitions = dg.Definitions(jobs=[greetings])
"""
WORKSPACE = """
load_from:
  - python_module: {module_name: pipelines.definitions, location_name: gancheng}
  - python_file: {relative_path: office.py, location_name: office}
"""
JOBS = "{ workspaceOrError { ... on Workspace { locationEntries { name loadStatus } } } }"


def ask(port: int, query: str, **headers: str) -> tuple[int, str]:
    """Return status and text of the answer to a query of GraphQL."""
    named = {"Content-Type": "application/json", **{name.replace("_", "-"): text for name, text in headers.items()}}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/graphql", json.dumps({"query": query}).encode(), named)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return int(answer.status), answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_jobs_of_an_office_are_served_behind_the_gateway(tmp_path: Path) -> None:
    place = copy_countries(tmp_path / "data")
    (tmp_path / "office.py").write_text(OFFICE, "utf-8")
    (tmp_path / "workspace.yaml").write_text(WORKSPACE, "utf-8")
    with served(place, "--paused", "--workspace", str(tmp_path / "workspace.yaml")) as one:
        assert wait_until(one.is_ready, PATIENCE)
        status, text = ask(one.port, JOBS)
        entries = json.loads(text)["data"]["workspaceOrError"]["locationEntries"]
        assert (status, {entry["name"]: entry["loadStatus"] for entry in entries}) == (
            200,
            {"gancheng": "LOADED", "office": "LOADED"},
        )
        mutation = 'mutation { shutdownRepositoryLocation(repositoryLocationName: "office") { __typename } }'
        assert ask(one.port, mutation)[0] == 403
        assert ask(one.port, JOBS, Host="evil.test")[0] == 421
        assert ask(one.port, JOBS, Origin="https://evil.test")[0] == 403
        assert ask(one.port, JOBS, Content_Type="text/plain")[0] == 415


@pytest.mark.parametrize("name", ["missing.yaml", ""])
def test_a_workspace_that_is_no_file_is_named(tmp_path: Path, name: str) -> None:
    done = copy_countries(tmp_path / "data").call("serve", "--workspace", str(tmp_path / name))
    assert (done.returncode, str(tmp_path / name) in done.stderr) == (2, True)


@pytest.mark.parametrize("text", ["", "load_from:\n", "- a\n", "load_from: [\n", "[" * 5_000, "\udc80"])
def test_a_file_that_is_no_workspace_is_refused(tmp_path: Path, text: str) -> None:
    place = copy_countries(tmp_path / "data")
    file = tmp_path / "workspace.yaml"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(UsageError) as refused:
        serve(Paths(place.data), 3999, lambda *_: None, workspace=file)
    assert [issue.code for issue in refused.value.issues] == ["no_workspace"]
