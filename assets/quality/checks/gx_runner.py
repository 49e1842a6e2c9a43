"""Great Expectations: executes checks as queries of DuckDB and returns their results.

Here: the read-only dialect, expectation suites, and results. Not here: the checks (assets.quality.checks.definitions),
the pages (data_docs) and the process (gx_worker). Importing great_expectations takes seconds, so only the worker
imports this module.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Great Expectations reports its use over the network unless this is set before the import.
os.environ["GX_ANALYTICS_ENABLED"] = "false"

import great_expectations as gx
from duckdb_engine import Dialect
from great_expectations.core import ExpectationSuiteValidationResult
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.datasource.fluent.sql_datasource import QueryAsset, SQLDatasource
from great_expectations.expectations.core.expect_column_values_to_be_between import ExpectColumnValuesToBeBetween
from great_expectations.expectations.core.expect_column_values_to_be_in_set import ExpectColumnValuesToBeInSet
from great_expectations.expectations.core.unexpected_rows_expectation import UnexpectedRowsExpectation
from great_expectations.expectations.expectation import Expectation
from sqlalchemy.dialects import registry

from assets.quality.checks.definitions import Check, CheckExecutionError, CheckResult
from assets.warehouse.connection import MEMORY

_SAMPLE = 5


class ReadOnlyDialect(Dialect):
    """A read-only SQLAlchemy dialect of DuckDB.

    Transactions do nothing: a reader has nothing to commit, and a rollback, when Great Expectations returns the
    connection to the pool, would invalidate results that are still read.
    """

    supports_statement_cache = False

    def do_begin(self, dbapi_connection: Any) -> None: ...

    def do_rollback(self, dbapi_connection: Any) -> None: ...

    def do_commit(self, dbapi_connection: Any) -> None: ...


registry.register("duckdb.readonly", __name__, "ReadOnlyDialect")


@dataclass(frozen=True, slots=True)
class ValidationRun:
    """`results` are grouped by table; `validations` are the results of Great Expectations by table."""

    results: list[CheckResult]
    validations: dict[str, ExpectationSuiteValidationResult]


def run_checks(database: Path, checks: Sequence[Check]) -> ValidationRun:
    """Execute all checks on a DuckDB file that no process holds open for writing.

    Raises:
        CheckExecutionError: a check raised an exception, which Great Expectations reports like a failed check.
    """
    tables = list(dict.fromkeys(check.table for check in checks))
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    settings = {"read_only": True, "config": {"memory_limit": MEMORY}}
    source = context.data_sources.add_sql(
        "candidate",
        connection_string=f"duckdb+readonly:///{database}",
        kwargs={"connect_args": settings},  # type: ignore[call-arg]  # a field of the datasource
        create_temp_table=False,
        # All together: each asset that is added later writes the complete context as YAML again.
        assets=[QueryAsset(name=table, query=f"select * from {table}") for table in tables],
    )
    try:
        run = ValidationRun([], {})
        for table in tables:
            suite = [check for check in checks if check.table == table]
            run.validations[table] = _validate(source, suite)
            outcomes = _outcomes(run.validations[table])
            run.results.extend(_result(source, check, outcomes[check.name]) for check in suite)
        return run
    finally:
        # The source and its metrics have an engine each; either would keep the file locked.
        source.get_execution_engine().close()
        source.get_execution_engine().engine.dispose()
        source.get_engine().dispose()


def _validate(source: SQLDatasource, checks: Sequence[Check]) -> ExpectationSuiteValidationResult:
    """Execute the checks of one table."""
    table = checks[0].table
    asset: QueryAsset = source.get_asset(table)
    batch = asset.get_batch(asset.build_batch_request())
    suite = gx.ExpectationSuite(table, expectations=[_expectation(check) for check in checks])
    validation = batch.validate(suite, result_format={"result_format": "BASIC", "partial_unexpected_count": 0})
    if all(outcome.success for outcome in validation.results):
        return validation
    # Failing rows are queried only where a check fails: this costs a query for each expectation.
    key = [name for check in checks for name in check.key]
    result_format = {
        "result_format": "SUMMARY",
        "partial_unexpected_count": _SAMPLE,
        "unexpected_index_column_names": list(dict.fromkeys(key)),
    }
    return batch.validate(suite, result_format=result_format)


def _outcomes(results: ExpectationSuiteValidationResult) -> dict[str, Any]:
    configured = ((outcome.expectation_config, outcome) for outcome in results.results)
    return {config.meta["check"]: outcome for config, outcome in configured if config is not None and config.meta}


def _expectation(check: Check) -> Expectation:
    options: dict[str, Any] = {
        "meta": {"check": check.name},
        "description": f"{check.description_zh} {check.description_en}",
    }
    if check.kind == "between" and check.column is not None:
        return ExpectColumnValuesToBeBetween(
            column=check.column, min_value=check.minimum, max_value=check.maximum, **options
        )
    if check.kind == "in_set" and check.column is not None:
        return ExpectColumnValuesToBeInSet(column=check.column, value_set=list(check.allowed), **options)
    # It warns of every query without `{batch}`; these queries name their tables themselves.
    query = "/* {batch} */ " + check.query.replace("{", "{{").replace("}", "}}")
    return UnexpectedRowsExpectation(unexpected_rows_query=query, **options)


def _result(source: SQLDatasource, check: Check, outcome: Any) -> CheckResult:
    exception = _exception_message(outcome.exception_info or {})
    if exception:
        raise CheckExecutionError(f"{check.table} {check.name}: {exception}")
    if check.kind == "no_rows":
        failing = int(outcome.result["observed_value"])
        return CheckResult(check, None, failing, _failing_rows(source, check.query) if failing else None)
    checked = int(outcome.result["element_count"])
    # For an empty table Great Expectations gives no number.
    failing = int(outcome.result["unexpected_count"]) if checked else 0
    rows = outcome.result.get("partial_unexpected_index_list") or []
    sample = json.dumps(rows[:_SAMPLE], ensure_ascii=False, default=str) if failing else None
    return CheckResult(check, checked, failing, sample)


def _exception_message(exception_info: dict[str, Any]) -> str | None:
    """Return the message of an exception inside a check; the information is flat, or nested by metric."""
    nested = [info for info in exception_info.values() if isinstance(info, dict)]
    for info in [exception_info, *nested]:
        if info.get("raised_exception"):
            return str(info.get("exception_message"))
    return None


def _failing_rows(source: SQLDatasource, query: str) -> str:
    """Return some rows that break a rule; DuckDB allows no second connection of another kind."""
    with source.get_engine().connect() as connection:
        result = connection.exec_driver_sql(f"select * from (\n{query}\n) order by all limit {_SAMPLE}")
        rows = [dict(row) for row in result.mappings()]
    return json.dumps(rows, ensure_ascii=False, default=str)
