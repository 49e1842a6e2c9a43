"""`make bench`: Gancheng, the floor and what people would use instead, on one synthetic province, in one run.

Each is a process of its own, all take turns, and times are told against the floor of the same round: bare DuckDB that
reads and writes the same bytes. All that take in and score must come to the same answers, or the suite fails and says
which does not. Here: what is measured, and in what order. Not here: how a process is measured (benchmarks.measure), the
answers (benchmarks.answers), the peers (benchmarks.peers), the table and the chart (benchmarks.results).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from assets.core.paths import PROJECT_ROOT, Paths
from assets.warehouse.connection import Connection, connect_in_memory, quote_literal
from benchmarks import results
from benchmarks.answers import Answers, differences
from benchmarks.measure import AGAIN, FLOOR, RUN, SCORES, Round, measure
from benchmarks.synthetic import Province, write_province

PEERS = ("dbt_duckdb", "pandas_pandera", "pandas_great_expectations", "frictionless_pandas")
PEERS_PYTHON = PROJECT_ROOT / ".venv" / "peers" / "bin" / "python"
UNITS, YEARS, INDICATORS = 110, 10, 10
# Steps of a run by what their names begin with, the first that fits; between steps and before them is Dagster.
STAGES = {
    "scorecards__rank": "ranks",
    "reference": "registry",
    "intake": "intake and load",
    "observations": "models",
    "scorecards": "models",
    "quality": "checks",
    "release__current": "publish",
    "release": "models",
}
BETWEEN = "start-up and Dagster"


class OtherAnswers(Exception):
    """Somebody came to other answers than Gancheng; the message says who, and in what."""


def province_of(rows: int, files: int = 1) -> Province:
    """A province with about so many rows, nearly all of them records."""
    return Province(UNITS, INDICATORS, YEARS, max(1, rows // (UNITS * YEARS) - 1), files)


def compare(
    folder: Path, province: Province, rounds: int, parts: Sequence[str], peers: Mapping[str, Path]
) -> list[Round]:
    """Measure `parts` of Gancheng and the peers (with the Python of each), after the floor in every round."""
    given = folder / "given"
    write_province(given, province)
    return [_round(folder / f"round{number}", given, parts, peers) for number in range(rounds)]


def _round(folder: Path, given: Path, parts: Sequence[str], peers: Mapping[str, Path]) -> Round:
    floor = _made(folder / FLOOR)
    costs = {FLOOR: measure([sys.executable, "-m", "benchmarks.floor", str(given), str(floor)], {})}
    stages: dict[str, float] = {}
    answers: dict[str, Answers] = {}
    for part in parts:
        data = _copied(given, folder / part)
        costs[part] = measure([sys.executable, *_of_gancheng(part, data)], _on(data))
        answers[part] = _answers(data, part)
        if part == RUN:
            stages = _stages(data, costs[part].seconds)
            costs[AGAIN] = measure([sys.executable, *_of_gancheng(part, data)], _on(data))
    for name, python in peers.items():
        target = _made(folder / name)
        costs[name] = measure([str(python), "-m", f"benchmarks.peers.{name}", str(given), str(target)], {})
        answers[name] = Answers.read(target / "answers.json")
    _must_agree(answers)
    shutil.rmtree(folder)
    return Round(costs, stages)


def _of_gancheng(part: str, data: Path) -> list[str]:
    if part == SCORES:
        return ["-m", "benchmarks.to_scores", str(data)]
    return ["-c", "from pipelines.cli.app import main; main()", "run"]


def _on(data: Path) -> dict[str, str]:
    return {"GANCHENG_DATA_DIR": str(data)}


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def _copied(given: Path, target: Path) -> Path:
    """A data directory that has never been run; the files of the inbox are not written twice."""
    shutil.copytree(given, target, copy_function=os.link)
    return target


# --- what came out ----------------------------------------------------------------------------------------------


def _answers(data: Path, part: str) -> Answers:
    """What stands in the published database, or in the candidate where nothing was to be published."""
    paths = Paths(data)
    database = paths.current_release / "gancheng.duckdb" if part == RUN else paths.candidate
    schema = "quality" if part == RUN else "intake"
    with connect_in_memory() as connection:
        connection.execute(f"attach {quote_literal(database)} as made (read_only)")
        connection.execute("use made")
        accepted = _pairs(connection, f"select dataset, sum(rows_accepted) from {schema}.files group by dataset")
        rejected: dict[str, list[str]] = {dataset: [] for dataset in accepted}
        lines = "dataset, parse_filename(file) || ':' || line"
        for dataset, line in connection.execute(f"select distinct {lines} from {schema}.rejects").fetchall():
            rejected[dataset].append(line)
        return Answers(
            {dataset: int(rows) for dataset, rows in accepted.items()},
            rejected,
            _scores(connection, "city_code || ' ' || indicator_id", "attainment", "indicator_scores"),
            _scores(connection, "city_code || ' ' || dimension_id", "evidenced", "dimension_scores"),
            _scores(connection, "city_code", "evidenced", "city_scores"),
        )


def _scores(connection: Connection, name: str, score: str, table: str) -> dict[str, float]:
    return _pairs(connection, f"select {name}, {score} from scorecards.{table} where {score} is not null")


def _pairs(connection: Connection, sql: str) -> dict[str, float]:
    return dict(connection.execute(sql).fetchall())


def _must_agree(answers: Mapping[str, Answers]) -> None:
    (first, own), *others = answers.items()
    odd = [f"{name}, against {first}: {said}" for name, other in others for said in differences(own, other)]
    if odd:
        raise OtherAnswers("\n".join(odd))


def _stages(data: Path, seconds: float) -> dict[str, float]:
    """Seconds of each stage, from the journal of the run."""
    stages: dict[str, float] = defaultdict(float)
    for file in sorted((Paths(data).state / "logs").glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            said = json.loads(line)
            for step in said.get("steps", ()):
                name = next(name for begins, name in STAGES.items() if step["step"].startswith(begins))
                stages[name] += step["seconds"]
    stages[BETWEEN] = seconds - sum(stages.values())
    return dict(stages)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--files", type=int, default=1, help="how many files a dataset comes in")
    parser.add_argument("--without", action="append", default=[], choices=PEERS, help="leave a peer out")
    parser.add_argument("--peers-python", type=Path, default=PEERS_PYTHON)
    parser.add_argument("--folder", type=Path, help="where the synthetic province goes; default: a temporary folder")
    parser.add_argument("--write", action="store_true", help="write the table and the chart of docs/performance.md")
    said = parser.parse_args()
    peers = {name: said.peers_python for name in PEERS if name not in said.without}
    province = province_of(said.rows, said.files)
    with tempfile.TemporaryDirectory(dir=said.folder) as folder:
        try:
            rounds = compare(Path(folder), province, said.rounds, (RUN, SCORES), peers)
        except (OtherAnswers, RuntimeError) as error:
            raise SystemExit(str(error)) from error
        size = sum(file.stat().st_size for file in (Path(folder) / "given" / "inbox").glob("*/*"))
    about = results.about(province, size, rounds, said.peers_python)
    results.show(rounds, about)
    if said.write:
        results.write(rounds, about)


if __name__ == "__main__":
    main()
