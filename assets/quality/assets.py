"""The audit as Dagster assets: the results as a table, and each of them as an asset check of the table it is about."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import dagster as dg

from assets.quality.anomalies.flags import SOURCE_TABLES, write_flags
from assets.quality.approvals import read_decisions, write_approvals
from assets.quality.checks.definitions import Check
from assets.quality.checks.gx_worker import ValidationWorker
from assets.quality.freshness import LATE_ON
from assets.warehouse import dagster_assets
from assets.warehouse.connection import Warehouse
from assets.warehouse.models import Model
from assets.warehouse.snapshot import write_snapshot
from assets.warehouse.tables import Table

SNAPSHOT = "quality.snapshot"
# What the audit says, and what a release says of itself, is not there when the audit begins.
_RESULTS, _OF_A_RELEASE = "quality.check_results", "release."

_Row = tuple[Any, ...]


def quality_assets(
    checks: Sequence[Check], models: Mapping[str, Model], tables: Mapping[str, Table]
) -> list[dg.AssetsDefinition]:
    """All tables of the schema, and the asset checks that show `quality.check_results` on every table."""
    return [
        _approvals_asset(tables["quality.approvals"]),
        _flags_asset(tables["quality.flags"]),
        *dagster_assets.model_assets(models, "quality", tables),
        _snapshot_asset(checks, tables),
        _results_asset(checks, tables[_RESULTS]),
        _asset_checks(checks),
        check_figures_are_in_time,
    ]


def _approvals_asset(table: Table) -> dg.AssetsDefinition:
    """`quality.approvals`: what a person let pass."""

    @dg.multi_asset(specs=[dagster_assets.asset_spec(table, kinds={"yaml", "duckdb"})], name="quality__approvals")
    def approvals(warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult[None]:
        decisions = read_decisions(warehouse.paths.approvals)
        with warehouse.connect() as connection:
            write_approvals(connection, table, decisions)
            return dg.MaterializeResult(metadata=dagster_assets.table_metadata(connection, table))

    return approvals


def _flags_asset(table: Table) -> dg.AssetsDefinition:
    """`quality.flags`, before the observations, which leave out what is held back."""

    @dg.multi_asset(
        specs=[dagster_assets.asset_spec(table, deps=SOURCE_TABLES, kinds={"python", "duckdb"})], name="quality__flags"
    )
    def flags(warehouse: dg.ResourceParam[Warehouse]) -> dg.MaterializeResult[None]:
        with warehouse.connect() as connection:
            write_flags(connection, table)
            return dg.MaterializeResult(metadata=dagster_assets.table_metadata(connection, table))

    return flags


def _snapshot_asset(checks: Sequence[Check], tables: Mapping[str, Table]) -> dg.AssetsDefinition:
    """A copy of the candidate with every table; it is audited while the run goes on, and published if it passes."""
    spec = dg.AssetSpec(
        dagster_assets.asset_key(SNAPSHOT),
        deps=[
            dagster_assets.asset_key(name) for name in tables if name != _RESULTS and not name.startswith(_OF_A_RELEASE)
        ],
        group_name="quality",
        description="候选数据库的副本：先受检，通过后即为发布的数据库\n\n"
        "A copy of the candidate: audited, and published where it passes",
        kinds={"duckdb"},
    )

    @dg.multi_asset(specs=[spec], name="quality__snapshot")
    def snapshot(
        warehouse: dg.ResourceParam[Warehouse], auditor: dg.ResourceParam[ValidationWorker]
    ) -> dg.MaterializeResult[None]:
        _begin_audit(warehouse, auditor, checks)
        return dg.MaterializeResult(metadata={"bytes": warehouse.paths.snapshot.stat().st_size})

    return snapshot


def _begin_audit(warehouse: Warehouse, auditor: ValidationWorker, checks: Sequence[Check]) -> None:
    with warehouse.connect() as connection:
        write_snapshot(connection, warehouse.paths.snapshot)
    auditor.submit(warehouse.paths.snapshot, checks, warehouse.paths.check_pages)


def _results_asset(checks: Sequence[Check], table: Table) -> dg.AssetsDefinition:
    spec = dagster_assets.asset_spec(table, deps=(SNAPSHOT,), kinds={"greatexpectations", "duckdb"})

    # Another process has the work of it, so whatever else can be done is done before.
    @dg.multi_asset(specs=[spec], name="quality__check_results", op_tags={"dagster/priority": "-1"})
    def audit(
        context: dg.AssetExecutionContext,
        warehouse: dg.ResourceParam[Warehouse],
        auditor: dg.ResourceParam[ValidationWorker],
    ) -> dg.MaterializeResult[None]:
        if not auditor.has_begun:
            _begin_audit(warehouse, auditor, checks)
        results = auditor.results()
        rows = [
            (
                result.check.table,
                result.check.name,
                result.check.description_zh,
                result.check.description_en,
                result.check.is_blocking,
                result.is_passed,
                result.rows_checked,
                result.rows_failing,
                result.sample,
            )
            for result in results
        ]
        with warehouse.connect() as connection:
            table.load_rows(connection, rows)
            shown = dagster_assets.table_metadata(connection, table)
        failed = [result for result in results if not result.is_passed]
        context.log.info(f"{len(results)} checks, {len(failed)} failed")
        return dg.MaterializeResult(metadata={**shown, "checks": len(results), "failed": len(failed)})

    return audit


CONTRACT = "contract"


def _asset_checks(checks: Sequence[Check]) -> dg.AssetChecksDefinition:
    """One asset check for the contract of each table, and one for each rule written as SQL.

    A check costs Dagster several writes, so the many expectations of one contract are shown as one, with every failing
    one and its rows; `quality.check_results` has a row for each.
    """
    of_contract, of_sql = _told_apart(checks)
    specs = [
        _spec(table, CONTRACT, f"合同中的 {n} 项要求\n\nThe {n} expectations of its contract")
        for table, n in of_contract
    ]
    specs += [_spec(check.table, check.name, f"{check.description_zh}\n\n{check.description_en}") for check in of_sql]

    @dg.multi_asset_check(specs=specs, name="quality__asset_checks")
    def show(warehouse: dg.ResourceParam[Warehouse]) -> Iterator[dg.AssetCheckResult]:
        names = {(check.table, check.name) for check in of_sql}
        shown: dict[tuple[str, str], list[_Row]] = defaultdict(list)
        with warehouse.connect() as connection:
            rows = connection.execute(
                "select table_name, check_name, description_zh, description_en, is_passed, is_blocking, rows_checked, "
                "rows_failing, failing_sample from quality.check_results order by all"
            ).fetchall()
        for row in rows:
            shown[row[0], row[1] if (row[0], row[1]) in names else CONTRACT].append(row)
        for (table, name), results in shown.items():
            yield _shown(table, name, results)

    return show


def _told_apart(checks: Sequence[Check]) -> tuple[list[tuple[str, int]], list[Check]]:
    of_contract = Counter(check.table for check in checks if not check.is_sql)
    return list(of_contract.items()), [check for check in checks if check.is_sql]


def _spec(table: str, name: str, description: str) -> dg.AssetCheckSpec:
    results = dagster_assets.asset_key("quality.check_results")
    return dg.AssetCheckSpec(
        name, asset=dagster_assets.asset_key(table), description=description, additional_deps=[results]
    )


def _shown(table: str, name: str, results: Sequence[_Row]) -> dg.AssetCheckResult:
    failed = [row for row in results if not row[4]]
    blocking = any(row[5] for row in (failed or results))
    keys = [{"expectation": row[1], "zh": row[2], "en": row[3], "rows": row[7], "keys": row[8]} for row in failed]
    return dg.AssetCheckResult(
        asset_key=dagster_assets.asset_key(table),
        check_name=name,
        passed=not failed,
        severity=dg.AssetCheckSeverity.ERROR if blocking else dg.AssetCheckSeverity.WARN,
        metadata={
            "is_blocking": blocking,
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
    """A warning where something is late today. It stands in no release, which does not depend on the clock."""
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
