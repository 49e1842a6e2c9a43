"""A query of a user ends: at its limits, on Ctrl-C, and with a message where it is not one statement."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.core.errors import UsageError
from assets.core.paths import DATA_DIR_VARIABLE
from assets.core.settings import QuerySettings
from assets.release.read.bounded_query import run_query
from assets.release.read.reader import Release
from pipelines.cli.json_values import to_json_value
from tests.builders.candidates import candidate, tables_release_of
from tests.builders.data_directories import wait_until

# DuckDB answers no interrupt while it computes this.
ENDLESS = "select levenshtein(repeat('a', 300000), repeat('b', 300000))"


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    with candidate() as connection:
        return tables_release_of(connection, tmp_path_factory.mktemp("data"))


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("", "query_is_empty"),
        (" ; -- nothing", "query_is_empty"),
        ("select 1; select 2", "query_has_several_statements"),
        ("begin; from reference.cities", "query_has_several_statements"),
        ("select 1 as a, 2 as a", "query_repeats_columns"),
        ("from reference.cities a, reference.cities b", "query_repeats_columns"),
        ("selec", "query_failed"),
        ("select allocated from reference.cities", "query_failed"),
        ("from read_text('/etc/hostname')", "query_failed"),
        ("set memory_limit = '1TB'", "query_failed"),
        ("select list_sort(range(400000000))", "query_needs_memory"),
        ("select printf('%1000000000d', 1)", "query_needs_memory"),
        ("select repeat('x', 1000) || range from range(10000000)", "query_needs_memory"),
        (ENDLESS, "query_takes_too_long"),
        (
            "with recursive t(n) as (select 1 union all select n + 1 from t) select max(n) from t",
            "query_takes_too_long",
        ),
    ],
)
def test_what_is_not_one_statement_within_the_limits_is_refused(release: Release, sql: str, code: str) -> None:
    limits = QuerySettings(seconds=2 if code == "query_takes_too_long" else 60, megabytes=500)
    with pytest.raises(UsageError) as refused:
        run_query(release, sql, limits)
    assert refused.value.issue.code == code


@pytest.mark.parametrize(
    ("sql", "columns", "rows"),
    [
        ("select 1 as a, 2 as A;", ("a", "A"), [(1, 2)]),
        ("from reference.cities select city_code where false", ("city_code",), []),
        ("select $name as n", ("n",), [("it's",)]),
        ("pivot (select 1 as a, 'x' as b) on b using sum(a)", ("x",), [(1,)]),
    ],
)
def test_one_statement_returns_columns_and_rows(
    release: Release, sql: str, columns: tuple[str, ...], rows: list[tuple[object, ...]]
) -> None:
    answer = run_query(release, sql, QuerySettings(), {"name": "it's"} if "$" in sql else None)
    assert (answer.columns, answer.rows) == (columns, rows)


def test_a_query_that_answers_no_interrupt_ends_on_ctrl_c(release: Release) -> None:
    environment = {**os.environ, DATA_DIR_VARIABLE: str(release.folder.parent.parent)}
    command = [sys.executable, "-m", "pipelines.cli", "query", ENDLESS]
    with subprocess.Popen(
        command,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        # A shell that starts tests in the background makes them ignore the signal.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        assert wait_until(lambda: _is_computing(children.read_text().split()), 60)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in errors


def _is_computing(pids: list[str]) -> bool:
    """Whether the last process that was started has used two seconds of processor time, more than its start takes."""
    status = Path(f"/proc/{pids[-1]}/stat").read_text().rpartition(")")[2].split() if pids else []
    return bool(status) and int(status[11]) > 2 * os.sysconf("SC_CLK_TCK")


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals(allow_nan=False)
    | st.text()
    | st.binary()
    | st.dates(),
    lambda inner: st.lists(inner) | st.dictionaries(st.integers() | st.tuples(st.integers()) | st.text(), inner),
)


@given(VALUES)
def test_every_value_is_valid_json(value: object) -> None:
    text = json.dumps(to_json_value(value), default=str, allow_nan=False)
    json.loads(text, parse_constant=lambda name: pytest.fail(name))


def test_numbers_in_json_are_numbers() -> None:
    assert to_json_value({1: Decimal("1.5"), "b": (math.nan, math.inf, b"\xff")}) == {"1": 1.5, "b": [None, None, "ff"]}
