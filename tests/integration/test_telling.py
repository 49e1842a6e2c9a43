"""A run that Dagster starts tells how it ended, as one of the command line does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest

from assets.errors import Finding, Stopped
from assets.paths import Paths
from assets.release.reader import current_release
from pipelines import alerts, telling
from pipelines.definitions import REFRESH, defs
from tests.unit.candidates import candidate, release_of
from tests.unit.office import Office, opened


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.delenv(alerts.FILE_VARIABLE, raising=False)
    with opened() as one:
        monkeypatch.setenv(alerts.URLS_VARIABLE, one.url)
        yield one


def run(paths: Paths, do: Callable[[], None]) -> bool:
    """A run of two steps, the first of which is no release."""

    @dg.op(out=dg.Out(dg.Nothing))
    def before() -> None: ...

    @dg.op(name=telling.LAST_STEP, ins={"begin": dg.In(dg.Nothing)})
    def last() -> None:
        do()

    @dg.job(hooks=set(telling.hooks(paths)), logger_defs={})
    def small() -> None:
        last(before())

    return small.execute_in_process(raise_on_error=False).success


def test_a_run_that_fails_and_one_that_releases_are_told(office: Office, tmp_path: Path) -> None:
    paths = Paths(tmp_path)

    def fail() -> None:
        raise Stopped([Finding("check_failed", "planted (3)", "This never holds", "scorecards.city_scores")])

    def publish() -> None:
        with candidate() as connection:
            connection.execute("update quality.files set dataset = 'x', status = 'refused'")
            connection.execute("update quality.rejects set code = 'file_has_nul'")
            release_of(connection, tmp_path)

    assert not run(paths, fail)
    assert ["This never holds" in message["message"] for message in office.messages] == [True]
    assert run(paths, publish)
    assert current_release(paths) is not None
    assert "refused as a whole" in office.messages[1]["message"]
    assert len(office.messages) == 2


def test_the_definitions_that_dagster_loads_tell_and_end_with_the_release() -> None:
    made = defs()
    assert isinstance(made, dg.Definitions)
    job = made.resolve_job_def(REFRESH)
    assert {hook.name for hook in job.hook_defs} == {"tell_of_a_failure", "tell_of_a_release"}
    assert telling.LAST_STEP in {node.name for node in job.nodes}
