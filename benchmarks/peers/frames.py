"""What the peers on DataFrames share: reading the inbox, the rule on keys, figures and scores in pandas.

Here: a competent user's pandas. Not here: the rules on rows, which each peer says in its own tool.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from benchmarks.answers import Answers

BOOLEANS = {"是": True, "否": False}
NUMBER, INTEGER = r"^-?\d+(\.\d+)?$", r"^-?\d+$"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a contract: its type, and what is allowed in it."""

    name: str
    type: str
    required: bool
    minimum: float | None
    maximum: float | None
    allowed: list[str] | None

    @property
    def is_number(self) -> bool:
        return self.type in ("number", "integer")

    @property
    def pattern(self) -> str:
        return INTEGER if self.type == "integer" else NUMBER


@dataclass(frozen=True, slots=True)
class Rules:
    """The columns and the key of a dataset, from its contract."""

    dataset: str
    key: list[str]
    columns: list[Column]


# The index of the rows that break a rule on a row, from all rows as text with their numbers and booleans read.
Broken = Callable[[pd.DataFrame, Rules], "pd.Index[Any]"]


def read_rules(province: Path) -> list[Rules]:
    found = []
    for file in sorted((province / "contracts").glob("*.yml")):
        contract = yaml.safe_load(file.read_text(encoding="utf-8"))
        columns = [_column(province, name, said) for name, said in contract["columns"].items()]
        found.append(Rules(contract["dataset"], contract["key"], columns))
    return found


def _column(province: Path, name: str, said: dict[str, Any]) -> Column:
    allowed = said.get("allowed")
    if said["type"] == "place":
        allowed = list(table(province, "cities")["name_zh"])
    elif said["type"] == "boolean":
        allowed = list(BOOLEANS)
    elif "references" in said:
        to, column = said["references"].split(".")
        allowed = list(table(province, to)[column])
    return Column(name, said["type"], said.get("required", False), said.get("min"), said.get("max"), allowed)


def table(province: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(province / "reference" / f"{name}.csv", dtype={"city_code": str, "source_id": str})


def read_rows(province: Path, rules: Rules) -> pd.DataFrame:
    """All rows as text, with file and line; beside each column of numbers what it reads as."""
    frames = []
    for file in sorted((province / "inbox" / rules.dataset).glob("*.csv")):
        rows = pd.read_csv(file, dtype=str, keep_default_na=False, na_values=[""], engine="pyarrow")
        frames.append(rows.assign(file=file.name, line=np.arange(2, len(rows) + 2)))
    rows = pd.concat(frames, ignore_index=True)
    for column in rules.columns:
        if column.is_number:
            rows[read(column.name)] = pd.to_numeric(rows[column.name], errors="coerce")
    return rows


def read(name: str) -> str:
    """The column that holds what a text reads as."""
    return f"{name}_read"


def take_in(province: Path, target: Path, broken: Broken) -> Answers:
    """Split the rows of the inbox, write both parts, and score what is accepted."""
    accepted, rejected, good = {}, {}, {}
    for rules in read_rules(province):
        rows = read_rows(province, rules)
        bad = rows.index.isin(broken(rows, rules))
        bad |= rows.index.isin(_repeats(rows[~bad], rules))
        rows[~bad].to_parquet(target / f"{rules.dataset}.parquet")
        rows[bad].to_parquet(target / f"{rules.dataset}.rejects.parquet")
        good[rules.dataset] = rows[~bad]
        accepted[rules.dataset] = int((~bad).sum())
        rejected[rules.dataset] = list(rows.loc[bad, "file"] + ":" + rows.loc[bad, "line"].astype(str))
    attainments, dimensions, indices = _scores(province, _figures(province, good))
    return Answers(accepted, rejected, attainments, dimensions, indices)


def _repeats(rows: pd.DataFrame, rules: Rules) -> pd.Index[Any]:
    """Of equal rows of one key all but the first; where rows of one key differ, all."""
    key = ["file", *rules.key]
    repeated = rows[rows.duplicated(key, keep=False)]
    content = ["file", *(read(column.name) if column.is_number else column.name for column in rules.columns)]
    contents = repeated.drop_duplicates(content).groupby(key).size().rename("contents")
    counted = repeated.join(contents, on=key)["contents"]
    return repeated.index[(counted > 1) | repeated.duplicated(key)]


def _figures(province: Path, rows: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """A row for each unit, year and indicator."""
    wide = rows["figures"].rename(columns={"year_read": "at"})
    names = {read(name): f"figures.{name}" for name in wide.columns if f"{name}_read" in wide.columns}
    figures = [wide.rename(columns=names).melt(["unit", "at"], list(names.values()), "indicator_id", "value")]
    if "segments" in rows:
        figures.append(_of_segments(rows["segments"]))
    codes = table(province, "cities").set_index("name_zh")["city_code"]
    found = pd.concat(figures).dropna(subset="value")
    return found.assign(city_code=found["unit"].map(codes))


def _of_segments(rows: pd.DataFrame) -> pd.DataFrame:
    """Sums of whole hundredths, so that no order of adding can change them."""
    length = np.floor(rows["length_km_read"] * 100 + 0.5)
    renewed = length.where(rows["is_renewed"] == "是", 0)
    sums = pd.DataFrame({"unit": rows["unit"], "at": rows["year_read"], "length": length, "renewed": renewed})
    sums = sums.groupby(["unit", "at"], as_index=False).sum()
    figures = {
        "segments.length_km": sums["length"] / 100,
        "segments.renewed_pct": 100 * sums["renewed"] / sums["length"],
    }
    return pd.concat([sums[["unit", "at"]].assign(indicator_id=name, value=value) for name, value in figures.items()])


def _scaled(values: pd.Series[float], decimals: pd.Series[Any] | int) -> pd.Series[float]:
    return np.floor(values * 10.0**decimals + 0.5)


def _scores(province: Path, figures: pd.DataFrame) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
    """Attainment between the goalposts, and the lower ends of dimensions and of the index: a missing one adds 0."""
    method = table(province, "parameters").iloc[0]
    indicators = table(province, "indicators").merge(
        table(province, "goalposts"), on="indicator_id", suffixes=("", "_")
    )
    current = figures[figures["at"] <= method["assessment_year"]].sort_values("at")
    current = current.drop_duplicates(["city_code", "indicator_id"], keep="last").merge(indicators, on="indicator_id")
    current = current[method["assessment_year"] - current["at"] <= current["maximum_age_years"]]
    value, floor, upper = (_scaled(current[name], current["decimals"]) for name in ("value", "lower", "upper"))
    current["attainment"] = (100 * (value - floor) / (upper - floor)).clip(0, 100)
    current["scaled"] = _scaled(current["attainment"], 8)
    weights = indicators.groupby("dimension_id")["weight"].sum()
    weighted = (current["weight"] * current["scaled"]).groupby([current["city_code"], current["dimension_id"]]).sum()
    all_dimensions = pd.MultiIndex.from_product([table(province, "cities")["city_code"], weights.index])
    sums = weighted.reindex(all_dimensions, fill_value=0).unstack()
    of_dimensions = np.floor(sums / weights + 0.5)
    of_index = table(province, "dimensions").set_index("dimension_id")["weight"]
    is_wide_enough = indicators.groupby("dimension_id").size().min() >= method["minimum_group_indicators"]
    of_cities = np.floor((of_dimensions * of_index).sum(axis=1) / of_index.sum() + 0.5)
    return (
        dict(zip(current["city_code"] + " " + current["indicator_id"], current["attainment"], strict=True)),
        {f"{city} {dimension}": points / 1e8 for (city, dimension), points in of_dimensions.stack().items()},
        dict(of_cities / 1e8) if is_wide_enough else {},
    )


def answer(broken: Broken) -> None:
    """The command of a peer: PROVINCE TARGET."""
    province, target = Path(sys.argv[1]), Path(sys.argv[2])
    take_in(province, target, broken).write(target / "answers.json")
