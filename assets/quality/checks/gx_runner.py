"""The room of Great Expectations: checks in, results out, every one pushed down into DuckDB.

Here: the read-only dialect, the suites, and the reading of their results. Not here: what is checked
(assets.quality.checks.definitions), the pages that show it (assets.quality.checks.data_docs), and the process in which
both run (assets.quality.checks.gx_worker). Importing great_expectations takes seconds, so nobody imports this module
at the top.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Great Expectations reports its use over the network unless told otherwise before it is imported.
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
    """DuckDB through SQLAlchemy, for reading alone.

    Transactions do nothing: results would die when Great Expectations gives the connection back to the pool, and a
    reader has nothing to commit.
    """

    supports_statement_cache = False

    def do_begin(self, dbapi_connection: Any) -> None: ...

    def do_rollback(self, dbapi_connection: Any) -> None: ...

    def do_commit(self, dbapi_connection: Any) -> None: ...


registry.register("duckdb.readonly", __name__, "ReadOnlyDialect")


@dataclass(frozen=True, slots=True)
class ValidationRun:
    """How checks came out: `results` together for each table, `validations` as Great Expectations has them by table."""

    results: list[CheckResult]
    validations: dict[str, ExpectationSuiteValidationResult]


def run_checks(database: Path, checks: Sequence[Check]) -> ValidationRun:
    """Run every check on a DuckDB file that nobody holds open for writing.

    Raises CheckBroken where a check raises instead of answering: to Great Expectations that looks like a failed one.
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
        # All at once: each one that is added later writes the whole context as YAML anew.
        assets=[QueryAsset(name=table, query=f"select * from {table}") for table in tables],
    )
    try:
        audit = ValidationRun([], {})
        for table in tables:
            suite = [check for check in checks if check.table == table]
            audit.validations[table] = _validation(source, suite)
            answers = _answers(audit.validations[table])
            audit.results.extend(_result(source, check, answers[check.name]) for check in suite)
        return audit
    finally:
        # Two engines were made, one by the source and one for its metrics; either would keep the file locked.
        source.get_execution_engine().close()
        source.get_execution_engine().engine.dispose()
        source.get_engine().dispose()


def _validation(source: SQLDatasource, checks: Sequence[Check]) -> ExpectationSuiteValidationResult:
    """The checks of one table, carried out."""
    table = checks[0].table
    asset: QueryAsset = source.get_asset(table)
    batch = asset.get_batch(asset.build_batch_request())
    suite = gx.ExpectationSuite(table, expectations=[_expectation(check) for check in checks])
    validation = batch.validate(suite, result_format={"result_format": "BASIC", "partial_unexpected_count": 0})
    if all(answer.success for answer in validation.results):
        return validation
    # Which rows fail is asked only where some do: it costs a query for each expectation.
    key = [name for check in checks for name in check.key]
    form = {
        "result_format": "SUMMARY",
        "partial_unexpected_count": _SAMPLE,
        "unexpected_index_column_names": list(dict.fromkeys(key)),
    }
    return batch.validate(suite, result_format=form)


def _answers(results: ExpectationSuiteValidationResult) -> dict[str, Any]:
    configured = ((answer.expectation_config, answer) for answer in results.results)
    return {config.meta["check"]: answer for config, answer in configured if config is not None and config.meta}


def _expectation(check: Check) -> Expectation:
    said: dict[str, Any] = {"meta": {"check": check.name}, "description": f"{check.rule_zh} {check.rule_en}"}
    if check.kind == "between" and check.column is not None:
        return ExpectColumnValuesToBeBetween(
            column=check.column, min_value=check.minimum, max_value=check.maximum, **said
        )
    if check.kind == "in_set" and check.column is not None:
        return ExpectColumnValuesToBeInSet(column=check.column, value_set=list(check.allowed), **said)
    # It prints a warning for every query that never says `{batch}`; ours name their tables, of which they read several.
    query = "/* {batch} */ " + check.query.replace("{", "{{").replace("}", "}}")
    return UnexpectedRowsExpectation(unexpected_rows_query=query, **said)


def _result(source: SQLDatasource, check: Check, answer: Any) -> CheckResult:
    raised = _raised(answer.exception_info or {})
    if raised:
        raise CheckExecutionError(f"{check.table} {check.name}: {raised}")
    if check.kind == "no_rows":
        failing = int(answer.result["observed_value"])
        return CheckResult(check, None, failing, _rows(source, check.query) if failing else None)
    checked = int(answer.result["element_count"])
    # On an empty table there is nothing to count, and Great Expectations gives no number.
    failing = int(answer.result["unexpected_count"]) if checked else 0
    rows = answer.result.get("partial_unexpected_index_list") or []
    sample = json.dumps(rows[:_SAMPLE], ensure_ascii=False, default=str) if failing else None
    return CheckResult(check, checked, failing, sample)


def _raised(exception_info: dict[str, Any]) -> str | None:
    """The message of an exception inside a check; the information is flat, or nested by metric."""
    nested = [info for info in exception_info.values() if isinstance(info, dict)]
    for info in [exception_info, *nested]:
        if info.get("raised_exception"):
            return str(info.get("exception_message"))
    return None


def _rows(source: SQLDatasource, query: str) -> str:
    """A few of the rows that break a rule, asked over the source's own connection: DuckDB allows no second kind."""
    with source.get_engine().connect() as connection:
        found = connection.exec_driver_sql(f"select * from (\n{query}\n) order by all limit {_SAMPLE}")
        rows = [dict(row) for row in found.mappings()]
    return json.dumps(rows, ensure_ascii=False, default=str)
