"""Quality as Dagster assets: approvals, flags, freshness, the validated snapshot, check results and asset checks."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from operator import attrgetter
from typing import Any

import dagster as dg

from assets.quality.anomalies.flags import SOURCE_TABLES, write_flags
from assets.quality.approvals import read_decisions, write_approvals
from assets.quality.checks.definitions import Check
from assets.quality.checks.gx_worker import ValidationWorker
from assets.quality.freshness import LATE_ON
from assets.warehouse import dagster_assets
from assets.warehouse.connection import Connection, Warehouse
from assets.warehouse.models import Model
from assets.warehouse.snapshot import write_snapshot
from assets.warehouse.tables import Table

SNAPSHOT = "quality.snapshot"
# These tables are empty or missing when the checks start.
_RESULTS, _RELEASE_SCHEMA = "quality.check_results", "release."

_Row = tuple[Any, ...]
# The attributes of a result that fill a row of `quality.check_results`.
_RESULT_CELLS = attrgetter(
    *(f"check.{name}" for name in ("table", "name", "description_zh", "description_en", "is_blocking")),
    *("is_passed", "rows_checked", "rows_failing", "sample"),
)


def quality_assets(
    checks: Sequence[Check], models: Mapping[str, Model], tables: Mapping[str, Table]
) -> list[dg.AssetsDefinition]:
    """Return the assets of the schema, and the asset checks that show `quality.check_results` on every table."""
    return [
        _approvals_asset(tables["quality.approvals"]),
        _flags_asset(tables["quality.flags"]),
        *dagster_assets.model_assets(models, "quality"),
        _snapshot_asset(checks, tables),
        _results_asset(checks, tables[_RESULTS]),
        _asset_checks(checks),
        check_figures_are_in_time,
    ]


def _approvals_asset(table: Table) -> dg.AssetsDefinition:
    """Return `quality.approvals`."""

    def load(warehouse: Warehouse, connection: Connection) -> None:
        write_approvals(connection, table, read_decisions(warehouse.paths.approvals))

    return dagster_assets.python_asset("quality__approvals", [table], load, kinds={"yaml", "duckdb"})


def _flags_asset(table: Table) -> dg.AssetsDefinition:
    """Return `quality.flags`, which the observations need: they exclude quarantined values."""

    def flag(_: Warehouse, connection: Connection) -> None:
        write_flags(connection, table)

    kinds = {"python", "duckdb"}
    return dagster_assets.python_asset("quality__flags", [table], flag, deps=SOURCE_TABLES, kinds=kinds)


def _snapshot_asset(checks: Sequence[Check], tables: Mapping[str, Table]) -> dg.AssetsDefinition:
    """Return the copy of the candidate that is validated while the run continues, and published if it passes."""
    spec = dg.AssetSpec(
        dagster_assets.asset_key(SNAPSHOT),
        deps=[
            dagster_assets.asset_key(name)
            for name in tables
            if name != _RESULTS and not name.startswith(_RELEASE_SCHEMA)
        ],
        group_name="quality",
        description="候选数据库的副本：先受检，通过后即为发布的数据库\n\n"
        "A copy of the candidate: audited, and published where it passes",
        kinds={"duckdb"},
    )

    @dg.multi_asset(specs=[spec], name="quality__snapshot")
    def snapshot(
        warehouse: dg.ResourceParam[Warehouse], validation_worker: dg.ResourceParam[ValidationWorker]
    ) -> dg.MaterializeResult[None]:
        _submit_checks(warehouse, validation_worker, checks)
        return dg.MaterializeResult(metadata={"bytes": warehouse.paths.snapshot.stat().st_size})

    return snapshot


def _submit_checks(warehouse: Warehouse, validation_worker: ValidationWorker, checks: Sequence[Check]) -> None:
    with warehouse.connect() as connection:
        write_snapshot(connection, warehouse.paths.snapshot)
    validation_worker.submit_checks(warehouse.paths.snapshot, checks, warehouse.paths.check_pages)


def _results_asset(checks: Sequence[Check], table: Table) -> dg.AssetsDefinition:
    spec = dagster_assets.asset_spec(table, deps=(SNAPSHOT,), kinds={"greatexpectations", "duckdb"})

    # The worker process validates, so the run executes all other steps first.
    @dg.multi_asset(specs=[spec], name="quality__check_results", op_tags={"dagster/priority": "-1"})
    def check_results(
        context: dg.AssetExecutionContext,
        warehouse: dg.ResourceParam[Warehouse],
        validation_worker: dg.ResourceParam[ValidationWorker],
    ) -> dg.MaterializeResult[None]:
        if not validation_worker.has_begun:
            _submit_checks(warehouse, validation_worker, checks)
        results = validation_worker.results()
        with warehouse.connect() as connection:
            table.load_rows(connection, map(_RESULT_CELLS, results))
            metadata = dagster_assets.table_metadata(connection, table)
        failed = [result for result in results if not result.is_passed]
        context.log.info(f"{len(results)} checks, {len(failed)} failed")
        return dg.MaterializeResult(metadata={**metadata, "checks": len(results), "failed": len(failed)})

    return check_results


CONTRACT = "contract"


def _asset_checks(checks: Sequence[Check]) -> dg.AssetChecksDefinition:
    """Return an asset check for the contract of each table, and one for each rule written as SQL.

    Each asset check costs several writes of Dagster, so the expectations of a contract share one, which lists those
    that fail; `quality.check_results` has a row for each expectation.
    """
    contract_counts = Counter(check.table for check in checks if not check.is_sql)
    sql_checks = [check for check in checks if check.is_sql]
    specs = [
        _spec(table, CONTRACT, f"合同中的 {n} 项要求\n\nThe {n} expectations of its contract")
        for table, n in contract_counts.items()
    ]
    specs += [
        _spec(check.table, check.name, f"{check.description_zh}\n\n{check.description_en}") for check in sql_checks
    ]

    @dg.multi_asset_check(specs=specs, name="quality__asset_checks")
    def asset_checks(warehouse: dg.ResourceParam[Warehouse]) -> Iterator[dg.AssetCheckResult]:
        names = {(check.table, check.name) for check in sql_checks}
        results_of: dict[tuple[str, str], list[_Row]] = defaultdict(list)
        with warehouse.connect() as connection:
            rows = connection.execute(
                "select table_name, check_name, description_zh, description_en, is_passed, is_blocking, rows_checked, "
                "rows_failing, failing_sample from quality.check_results order by all"
            ).fetchall()
        for row in rows:
            results_of[row[0], row[1] if (row[0], row[1]) in names else CONTRACT].append(row)
        for (table, name), results in results_of.items():
            yield _asset_check_result(table, name, results)

    return asset_checks


def _spec(table: str, name: str, description: str) -> dg.AssetCheckSpec:
    results = dagster_assets.asset_key("quality.check_results")
    return dg.AssetCheckSpec(
        name, asset=dagster_assets.asset_key(table), description=description, additional_deps=[results]
    )


def _asset_check_result(table: str, name: str, results: Sequence[_Row]) -> dg.AssetCheckResult:
    failed = [row for row in results if not row[4]]
    is_blocking = any(row[5] for row in (failed or results))
    keys = [{"expectation": row[1], "zh": row[2], "en": row[3], "rows": row[7], "keys": row[8]} for row in failed]
    return dg.AssetCheckResult(
        asset_key=dagster_assets.asset_key(table),
        check_name=name,
        passed=not failed,
        severity=dg.AssetCheckSeverity.ERROR if is_blocking else dg.AssetCheckSeverity.WARN,
        metadata={
            "is_blocking": is_blocking,
            "expectations": len(results),
            "expectations_failing": len(failed),
            "rows_checked": max((row[6] for row in results if row[6] is not None), default=0),
            "rows_failing": sum(row[7] for row in failed),
            **({"failing_keys": dg.MetadataValue.json(keys)} if keys else {}),
        },
    )


@dg.asset_check(
    asset=dagster_assets.asset_key("quality.freshness"),
    description="到今天没有逾期未报的数字\n\nNothing that was due by today is missing",
)
def check_figures_are_in_time(warehouse: dg.ResourceParam[Warehouse]) -> dg.AssetCheckResult:
    """Warn where reports are late today; no release contains this, because it depends on the clock."""
    with warehouse.connect() as connection:
        late = connection.execute(LATE_ON, [date.today()]).fetchall()
    lines = [f"- **{row[0]} {row[3]}**, {row[4]} ({row[5]}): {row[6]}" for row in late]
    return dg.AssetCheckResult(
        passed=not late,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "cities_late": sum(row[5] for row in late),
            **({"late": dg.MetadataValue.md("\n".join(lines))} if lines else {}),
        },
    )
