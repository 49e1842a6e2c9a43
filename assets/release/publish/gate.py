"""The gate before publishing: a candidate that fails a blocking check is not published."""

from __future__ import annotations

from assets.core.errors import DataError, Issue
from assets.warehouse.connection import Connection


def raise_on_blocking_failures(connection: Connection) -> None:
    """Raise Stopped with the failing rows of every blocking check; the current release then stays as it is."""
    failed = connection.execute(
        """
        select table_name, check_name, rule_zh, rule_en, rows_failing, failing_sample
        from quality.check_results
        where is_blocking and not is_passed
        order by table_name, check_name
        """
    ).fetchall()
    if failed:
        raise DataError(
            [
                Issue("check_failed", f"{name} ({rows}): {sample}", f"{rule_zh} / {rule_en}", file=table)
                for table, name, rule_zh, rule_en, rows, sample in failed
            ]
            + [Issue("candidate_kept", str(len(failed)))]
        )
