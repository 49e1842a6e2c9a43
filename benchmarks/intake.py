"""How fast a file is taken in, beside what people would use instead, on synthetic rows.

`python -m benchmarks.intake` prints, in one run, the time from a file to accepted and rejected Parquet: bare DuckDB,
which checks nothing and is the floor; Gancheng on UTF-8, on GB18030 and with archive and receipt; pandas with Great
Expectations; Frictionless, where `--frictionless` names a Python that has it. Each is a process of its own, so that its
peak memory is its own; times are medians of several rounds. All that check agree about which lines are rejected, or the
benchmark says so.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from assets.core.paths import PROJECT_ROOT, Paths

CITIES = [f"36{number:02d}00" for number in range(1, 12)]
GRADES = ("A", "B", "C")
SCOPES = ("市区", "城区", "全市")
HEADER = "城市,年份,地块,面积,户数,口径,来源,来源等级"
LOWEST_YEAR, MOST_AREA = 1990, 200.0
_BLOCK = 100_000
# Of so many rows one is broken, in one of the ways below; of ten times as many, one repeats the row before it.
_BROKEN_EVERY = 500
_BROKEN: tuple[Callable[[list[str]], None], ...] = (
    lambda row: row.__setitem__(0, "宪湖市"),
    lambda row: row.__setitem__(1, "1889"),
    lambda row: row.__setitem__(2, ""),
    lambda row: row.__setitem__(3, "1O.5"),
    lambda row: row.__setitem__(3, "200.5"),
    lambda row: row.__setitem__(4, "-3"),
    lambda row: row.__setitem__(5, "郊区"),
    lambda row: row.__setitem__(6, "hearsay"),
)
COLUMNS: dict[str, dict[str, Any]] = {
    "city": {"type": "place", "required": True, "zh": "城市"},
    "year": {"type": "integer", "required": True, "min": LOWEST_YEAR, "max": 2100, "zh": "年份"},
    "plot": {"type": "text", "required": True, "zh": "地块"},
    "area": {"type": "number", "unit": "公顷", "min": 0, "max": MOST_AREA, "zh": "面积"},
    "households": {"type": "integer", "min": 0, "zh": "户数"},
    "scope": {"type": "text", "required": True, "allowed": SCOPES, "zh": "口径"},
    "source_id": {"type": "text", "required": True, "references": "sources.source_id", "zh": "来源"},
    "source_grade": {"type": "text", "required": True, "allowed": GRADES, "zh": "来源等级"},
}
NAMES = list(COLUMNS)
KEY = ("city", "year", "plot")


def write_rows(file: Path, rows: int, encoding: str) -> None:
    """Synthetic rows, the same for the same number; figures of no real place."""
    rng = np.random.default_rng(1)
    with file.open("w", encoding=encoding, newline="") as stream:
        stream.write(HEADER + "\n")
        for start in range(0, rows, _BLOCK):
            count = min(_BLOCK, rows - start)
            areas, households = rng.uniform(0, MOST_AREA, count), rng.integers(0, 5000, count)
            lines = [
                f"{CITIES[i % 11]},{LOWEST_YEAR + i % 35},P{i},{area:.2f},{number},{SCOPES[i % 3]},yb,{GRADES[i % 3]}"
                for i, area, number in zip(range(start, start + count), areas, households, strict=True)
            ]
            for number in range(_BROKEN_EVERY - 1, count, _BROKEN_EVERY):
                lines[number] = _broken(lines, number)
            stream.write("\n".join(lines) + "\n")


def _broken(lines: list[str], number: int) -> str:
    turn = number // _BROKEN_EVERY
    if turn % 10 == 0:
        return lines[number - 1]
    row = lines[number].split(",")
    _BROKEN[turn % len(_BROKEN)](row)
    return ",".join(row)


# --- the candidates: each takes a file and a folder, and returns rows accepted and the lines rejected ---------


def duckdb_alone(file: Path, folder: Path) -> tuple[int, Iterable[int]]:
    """The floor: read and written, nothing checked; rows that DuckDB cannot type are dropped without a word."""
    from assets.warehouse.connection import connect_in_memory, quote_literal

    with connect_in_memory() as connection:
        connection.execute("set threads = 2")
        connection.execute(
            f"copy (select * from read_csv({quote_literal(file)}, ignore_errors = true)) "
            f"to {quote_literal(folder / 'rows.parquet')} (format parquet)"
        )
        row = connection.execute(
            f"select count(*) from read_parquet({quote_literal(folder / 'rows.parquet')})"
        ).fetchone()
    return int(row[0]) if row else 0, ()


def gancheng(file: Path, folder: Path) -> tuple[int, Iterable[int]]:
    """The whole of the parser: encoding, rows, rules, keys, rejects with their messages."""
    import pyarrow.parquet as pq

    from assets.intake.file_parser import FileParser
    from assets.warehouse.connection import connect_in_memory

    contract, registry, limits = _furnished()
    with connect_in_memory("1GB", folder / "spill") as connection:
        connection.execute("set threads = 2")
        readable, rejects = folder / "readable.parquet", folder / "rejects.parquet"
        parsed = FileParser(connection, contract, registry, limits).parse(file, file.name, readable, rejects)
    return parsed.rows_accepted, pq.read_table(rejects, columns=["line"])["line"].to_pylist()


def gancheng_ledger(file: Path, folder: Path) -> tuple[int, Iterable[int]]:
    """The same with the copy into the archive, its hash, and the receipt."""
    import pyarrow.parquet as pq

    from assets.intake.receipts.receipts import IngestJob, reject_files
    from assets.warehouse.connection import connect_in_memory

    contract, registry, limits = _furnished()
    inbox = folder / "inbox" / contract.dataset
    inbox.mkdir(parents=True)
    (inbox / "rows.csv").hardlink_to(file)
    with connect_in_memory("1GB", folder / "spill") as connection:
        connection.execute("set threads = 2")
        intake = IngestJob(Paths(folder), contract, connection, registry, limits)
        (receipt,) = intake.take_in(datetime.now(UTC))
    ((_, rejects),) = reject_files(intake.folder, [receipt])
    return receipt.rows_accepted, pq.read_table(rejects, columns=["line"])["line"].to_pylist()


def _furnished() -> tuple[Any, Any, Any]:
    from assets.core.settings import Limits
    from assets.intake.tables.contracts import Contract
    from assets.intake.values.lookups import Lookups
    from assets.intake.values.places import Places
    from assets.intake.values.units import Units

    columns = {name: {"en": name, **said} for name, said in COLUMNS.items()}
    contract = Contract.model_validate(
        {"dataset": "plots", "zh": "地块", "en": "Plots", "about_zh": "合成数据", "about_en": "Synthetic", "key": KEY,
         "columns": columns, "indicators": ("plots.area",)}
    )  # fmt: skip
    places = Places.of([(code, code, None, None) for code in CITIES], [])
    units = Units.of([("公顷", "area", 10_000.0)])
    registry = Lookups(places, units, {}, {"sources.source_id": {"yb": "yb"}}, "synthetic")
    return contract, registry, Limits(still_written_seconds=0)


def pandas_and_great_expectations(file: Path, folder: Path) -> tuple[int, Iterable[int]]:
    """The same rules as expectations on a DataFrame; rows that break one are split off by their index."""
    import great_expectations as gx
    import pandas as pd

    rows = pd.read_csv(file, dtype=str, keep_default_na=False, names=NAMES, header=0)
    for name in ("year", "area", "households"):
        rows[f"{name}_read"] = pd.to_numeric(rows[name].where(rows[name] != ""), errors="coerce")
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    source = context.data_sources.add_pandas("rows")
    batch = source.add_dataframe_asset("rows").add_batch_definition_whole_dataframe("all")
    expect = gx.expectations
    suite = gx.ExpectationSuite(
        name="rules",
        expectations=[
            expect.ExpectColumnValuesToBeInSet(column="city", value_set=CITIES),
            expect.ExpectColumnValuesToNotBeNull(column="year_read"),
            expect.ExpectColumnValuesToBeBetween(column="year_read", min_value=LOWEST_YEAR, max_value=2100),
            expect.ExpectColumnValueLengthsToBeBetween(column="plot", min_value=1),
            expect.ExpectColumnValuesToNotBeNull(column="area_read"),
            expect.ExpectColumnValuesToBeBetween(column="area_read", min_value=0, max_value=MOST_AREA),
            expect.ExpectColumnValuesToBeBetween(column="households_read", min_value=0),
            expect.ExpectColumnValuesToBeInSet(column="scope", value_set=SCOPES),
            expect.ExpectColumnValuesToBeInSet(column="source_id", value_set=["yb"]),
            expect.ExpectColumnValuesToBeInSet(column="source_grade", value_set=GRADES),
        ],
    )
    result = batch.get_batch({"dataframe": rows}).validate(suite, result_format={"result_format": "COMPLETE"})
    bad = {index for one in result.results for index in one.result.get("unexpected_index_list") or ()}
    # A compound key in Great Expectations flags the first row too, which we take: pandas decides.
    repeated = rows.drop(index=sorted(bad)).duplicated(subset=list(KEY))
    bad.update(repeated[repeated].index.tolist())
    good = ~rows.index.isin(bad)
    rows[good].to_parquet(folder / "accepted.parquet")
    rows[~good].to_parquet(folder / "rejected.parquet")
    return int(good.sum()), [index + 2 for index in sorted(bad)]


CANDIDATES: dict[str, Callable[[Path, Path], tuple[int, Iterable[int]]]] = {
    "DuckDB alone, nothing checked": duckdb_alone,
    "Gancheng, UTF-8": gancheng,
    "Gancheng, GB18030": gancheng,
    "Gancheng, UTF-8, with archive and receipt": gancheng_ledger,
    "pandas + Great Expectations": pandas_and_great_expectations,
}
FLOOR = next(iter(CANDIDATES))
FRICTIONLESS = "Frictionless"
_FRICTIONLESS = """
import json, resource, sys, time
from frictionless import Resource, Schema, system
start = time.perf_counter()
schema = Schema.from_descriptor(json.loads(sys.argv[2]))
with system.use_context(trusted=True):
    report = Resource(path=sys.argv[1], schema=schema).validate(limit_errors=10**9)
lines = sorted({error.row_number for error in report.tasks[0].errors if hasattr(error, "row_number")})
seconds = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"seconds": seconds, "peak_kb": peak, "accepted": -1, "rejected": lines}))
"""


def _frictionless_schema() -> dict[str, Any]:
    kinds = {"integer": "integer", "number": "number"}
    fields = []
    for name, said in COLUMNS.items():
        constraints: dict[str, Any] = {"required": True} if said.get("required") else {}
        constraints |= {"minimum": said["min"]} if "min" in said else {}
        constraints |= {"maximum": said["max"]} if "max" in said else {}
        allowed = {"city": CITIES, "source_id": ["yb"]}.get(name, list(said.get("allowed", ())))
        constraints |= {"enum": allowed} if allowed else {}
        fields.append({"name": said["zh"], "type": kinds.get(said["type"], "string"), "constraints": constraints})
    return {"fields": fields, "primaryKey": [COLUMNS[name]["zh"] for name in KEY]}


# --- measuring ------------------------------------------------------------------------------------------------


def _run_one(name: str, file: Path) -> None:
    """In a process of its own: take the file in once and say time, memory and result."""
    with tempfile.TemporaryDirectory(dir=file.parent) as folder:
        start = time.perf_counter()
        accepted, lines = CANDIDATES[name](file, Path(folder))
        seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    told = {"seconds": seconds, "peak_kb": peak, "accepted": accepted, "rejected": sorted(set(lines))}
    print(json.dumps(told))  # noqa: T201


def _measured(command: list[str]) -> dict[str, Any]:
    done = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command[:5])}\n{done.stderr[-3000:]}")
    measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    lines = measured["rejected"]
    measured["rejected"] = len(lines)
    measured["digest"] = hashlib.sha256(json.dumps(lines).encode()).hexdigest()[:8]
    return measured


def measure(folder: Path, rows: int, rounds: int, frictionless: str | None, frictionless_rows: int) -> dict[str, Any]:
    """Every candidate in turn, `rounds` times: seconds (median), peak memory, rows."""
    utf8, gb18030, few = folder / "utf8.csv", folder / "gb18030.csv", folder / "few.csv"
    write_rows(utf8, rows, "utf-8")
    write_rows(gb18030, rows, "gb18030")
    commands = {
        name: [sys.executable, "-m", "benchmarks.intake", "--one", name, str(gb18030 if "GB18030" in name else utf8)]
        for name in CANDIDATES
    }
    seen: dict[str, list[dict[str, Any]]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            seen[name].append(_measured(command))
    if frictionless:
        write_rows(few, frictionless_rows, "utf-8")
        seen[FRICTIONLESS] = [
            _measured([frictionless, "-c", _FRICTIONLESS, str(few), json.dumps(_frictionless_schema())])
        ]
        ours = _measured([sys.executable, "-m", "benchmarks.intake", "--one", "Gancheng, UTF-8", str(few)])
        seen[FRICTIONLESS][0]["agrees"] = seen[FRICTIONLESS][0]["digest"] == ours["digest"]
        seen[FRICTIONLESS][0]["seconds"] *= rows / frictionless_rows
    return {
        name: {**runs[0], "seconds": statistics.median(run["seconds"] for run in runs),
               "peak_kb": max(run["peak_kb"] for run in runs)}
        for name, runs in seen.items()
    }  # fmt: skip


def told(results: dict[str, Any], rows: int, frictionless_rows: int) -> str:
    """The results as a Markdown table."""
    floor, ours = results[FLOOR]["seconds"], results["Gancheng, UTF-8"]
    lines = [f"{rows:,} synthetic rows", "", "| | seconds | times the floor | peak memory, MB | accepted | rejected |"]
    lines.append("|---|---:|---:|---:|---:|---:|")
    for name, one in results.items():
        note = f" ({frictionless_rows:,} rows, scaled)" if name == FRICTIONLESS else ""
        agrees = one.get("agrees", one["digest"] == ours["digest"])
        rejected = "" if name == FLOOR else f"{one['rejected']:,}" + ("" if agrees else " (other lines)")
        accepted = "" if one["accepted"] < 0 else f"{one['accepted']:,}"
        cells = (f"{one['seconds']:.2f}", f"{one['seconds'] / floor:.2f}", f"{one['peak_kb'] / 1024:,.0f}")
        lines.append(f"| {name}{note} | {' | '.join(cells)} | {accepted} | {rejected} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--without", action="append", default=[], help="leave a candidate out, by part of its name")
    parser.add_argument("--frictionless", help="a Python that has frictionless")
    parser.add_argument("--frictionless-rows", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, help="where the synthetic files go; default: a temporary folder")
    parser.add_argument("--one", nargs=2, metavar=("CANDIDATE", "FILE"), help=argparse.SUPPRESS)
    said = parser.parse_args()
    if said.one:
        _run_one(said.one[0], Path(said.one[1]))
        return
    for part in said.without:
        for name in [name for name in CANDIDATES if part in name]:
            del CANDIDATES[name]
    with tempfile.TemporaryDirectory(dir=said.folder) as folder:
        results = measure(Path(folder), said.rows, said.rounds, said.frictionless, said.frictionless_rows)
    print(told(results, said.rows, said.frictionless_rows))  # noqa: T201


if __name__ == "__main__":
    main()
