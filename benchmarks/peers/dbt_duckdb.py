"""A dbt project on DuckDB with tests (dbt_project): staged, judged, accepted and rejected rows, then the scores."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

import duckdb
from dbt.cli.main import dbtRunner

from benchmarks.answers import Answers
from benchmarks.peers.frames import read_rules

PROJECT = Path(__file__).parent / "dbt_project"


def main(province: Path, target: Path) -> None:
    rules = {one.dataset: asdict(one) for one in read_rules(province)}
    os.environ["BENCH_DATABASE"] = str(target / "province.duckdb")
    folders = ["--target-path", str(target / "target"), "--log-path", str(target / "logs")]
    where = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), *folders]
    done = dbtRunner().invoke(["build", "--quiet", *where, "--vars", json.dumps({"province": str(province), **rules})])
    if not done.success:
        raise SystemExit(f"dbt: {done.exception or [one.message for one in done.result if one.message]}")
    with duckdb.connect(os.environ["BENCH_DATABASE"]) as connection:
        _answers(connection, list(rules)).write(target / "answers.json")


def _answers(connection: duckdb.DuckDBPyConnection, datasets: list[str]) -> Answers:
    accepted, rejected = {}, {}
    for name in datasets:
        ((accepted[name],),) = connection.sql(f"select count(*) from accepted_{name}").fetchall()
        lines = connection.sql(f"select file || ':' || line from rejected_{name}").fetchall()
        rejected[name] = [line for (line,) in lines]

    def scores(sql: str) -> dict[str, float]:
        return dict(connection.sql(sql).fetchall())

    return Answers(
        accepted,
        rejected,
        scores("select city_code || ' ' || indicator_id, attainment from indicator_scores"),
        scores("select city_code || ' ' || dimension_id, evidenced from dimension_scores"),
        scores("select city_code, evidenced from city_scores"),
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
