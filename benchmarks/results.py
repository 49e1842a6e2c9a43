"""The results of the suite, as a table in the terminal, and as a table and a chart of docs/performance.md."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import altair as alt
import vl_convert
from rich.console import Console
from rich.table import Table

from assets.core.paths import PROJECT_ROOT
from benchmarks.measure import AGAIN, FLOOR, RUN, SCORES, Round, machine
from benchmarks.synthetic import Province

NAMES = {
    FLOOR: "the floor: bare DuckDB",
    RUN: "gancheng run, everything",
    AGAIN: "gancheng run, nothing new",
    SCORES: "Gancheng, scores alone",
    "dbt_duckdb": "dbt-duckdb with tests",
    "pandas_pandera": "pandas + pandera",
    "pandas_great_expectations": "pandas + Great Expectations",
    "frictionless_pandas": "Frictionless + pandas",
}
HEADERS = ("", "seconds", "× floor", "CPU s", "peak MB", "written MB")
PACKAGES = ("dbt-core", "dbt-duckdb", "pandas", "pandera", "great-expectations", "frictionless", "duckdb")
DOCUMENT = PROJECT_ROOT / "docs" / "performance.md"
CHART = PROJECT_ROOT / "docs" / "pictures" / "benchmarks.svg"
BEGINS, ENDS = "<!-- make bench: begin -->", "<!-- make bench: end -->"
_MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table: what was measured, medians of the rounds. A stage has no more than its seconds."""

    name: str
    seconds: float
    times: float
    more: tuple[float, float, float] | None

    @property
    def cells(self) -> list[str]:
        more = (f"{self.more[0]:,.2f}", f"{self.more[1]:,.0f}", f"{self.more[2]:,.0f}") if self.more else ("", "", "")
        return [self.name, f"{self.seconds:,.2f}", f"{self.times:,.2f}", *more]


def lines(rounds: Sequence[Round]) -> Iterator[Line]:
    """One for each that was measured; the stages below the whole run."""
    for name in rounds[0].costs:
        costs = [one.costs[name] for one in rounds]
        yield Line(
            NAMES[name],
            median(cost.seconds for cost in costs),
            median(one.times(one.costs[name].seconds) for one in rounds),
            (
                median(cost.processor for cost in costs),
                max(cost.peak_bytes for cost in costs) / _MB,
                median(cost.written_bytes for cost in costs) / _MB,
            ),
        )
        for stage in rounds[0].stages if name == RUN else ():
            seconds = [one.stages[stage] for one in rounds]
            times = median(one.times(one.stages[stage]) for one in rounds)
            yield Line(f"· {stage}", median(seconds), times, None)


def about(province: Province, size: int, rounds: Sequence[Round], peers_python: Path) -> str:
    """What was measured, on which machine and with which versions."""
    rows = f"{province.rows:,} synthetic rows, {size / _MB:,.0f} MB, one in {province.broken_every} broken"
    return f"{rows}; medians of {len(rounds)} rounds; {machine()}; {_versions(peers_python)}"


def _versions(python: Path) -> str:
    own = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "dagster", "pyarrow"))
    if not python.exists():
        return own
    code = f"from importlib.metadata import version; print(', '.join(n + ' ' + version(n) for n in {PACKAGES}))"
    done = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True)
    return f"{own}; peers: {done.stdout.strip()}"


def show(rounds: Sequence[Round], told: str) -> None:
    table = Table(*HEADERS, caption=told)
    table.columns[0].no_wrap = True
    for column in table.columns[1:]:
        column.justify = "right"
    for line in lines(rounds):
        table.add_row(*line.cells)
    console = Console()
    console.print(table)
    console.print("所有结果一致。 All came to the same answers.")


def write(rounds: Sequence[Round], told: str) -> None:
    """Put table and chart where the document has its marks."""
    found = list(lines(rounds))
    rows = [" | ".join(line.cells).join(("| ", " |")) for line in found]
    table = "\n".join([" | ".join(HEADERS).join(("| ", " |")), "|---|" + "---:|" * (len(HEADERS) - 1), *rows])
    before, rest = DOCUMENT.read_text(encoding="utf-8").split(BEGINS)
    after = rest.split(ENDS)[1]
    made = f"{BEGINS}\n{told}:\n\n{table}\n\n![The same in a chart](pictures/{CHART.name})\n{ENDS}"
    DOCUMENT.write_text(before + made + after, encoding="utf-8")
    CHART.write_text(vl_convert.vegalite_to_svg(_chart(found), vl_version="v6_1"), encoding="utf-8")


def _chart(found: Sequence[Line]) -> dict[str, Any]:
    whole = [line for line in found if line.more]
    rows = [{"name": line.name, "times": line.times} for line in whole]
    bars = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X("times:Q", title="times the floor"),
        y=alt.Y("name:N", title=None, sort=[line.name for line in whole], axis=alt.Axis(labelLimit=380)),
    )
    numbers = bars.mark_text(align="left", dx=4).encode(text=alt.Text("times:Q", format=".1f"))
    chart = (bars.mark_bar(color="#0b5a8a") + numbers).properties(width=460, height=alt.Step(26))
    made: dict[str, Any] = chart.to_dict()
    return made
