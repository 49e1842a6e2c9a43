"""Synthetic provinces: data directories of no real place, of any size, that `gancheng run` takes unchanged.

`python -m benchmarks.synthetic FOLDER --units 2800 --indicators 60 --years 10` writes one. Two datasets: `figures`, a
row for each unit and year with all indicators, and `segments`, as many records for each unit and year as are asked for,
which add up to two indicators more. The same numbers give the same bytes. Every so many rows one is broken, in ways
that take turns.
"""

from __future__ import annotations

import argparse
import csv
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assets.core.paths import PROJECT_ROOT
from assets.warehouse.connection import Connection, connect_in_memory, quote_literal
from assets.warehouse.tables import read_tables

LAST_YEAR = 2024
DIMENSIONS, MEASURES = 6, 25
LENGTH, RENEWED = "segments.length_km", "segments.renewed_pct"
_SHIPPED = PROJECT_ROOT / "data" / "reference"
# Rules of the project, the same whatever the province.
_AS_SHIPPED = ("detectors", "detector_parameters", "units", "parameters", "milestones", "presets")
_BLOCK = 16 << 20
# Of segments: no number, out of bounds, no boolean, unknown source, unknown grade, repeated, contradicted.
_FAULTS = 7


@dataclass(frozen=True, slots=True)
class Province:
    """What is written. `records` are segments for each unit and year; `files` is how many files a dataset comes in."""

    units: int
    indicators: int = 60
    years: int = 10
    records: int = 0
    files: int = 1
    broken_every: int = 500
    encodings: tuple[str, ...] = ("utf-8",)
    seed: int = 1

    @property
    def rows(self) -> int:
        return self.units * self.years * (1 + self.records)


def write_province(folder: Path, province: Province) -> list[Path]:
    """Write the data directory; the files of its inbox."""
    tables = _reference(province)
    for name, table in read_tables((PROJECT_ROOT / "sql",)).items():
        if name.startswith("reference."):
            _write_table(folder / "reference" / f"{table.name}.csv", list(table.columns), tables.get(table.name, ()))
    for name in _AS_SHIPPED:
        shutil.copyfile(_SHIPPED / f"{name}.csv", folder / "reference" / f"{name}.csv")
    for dataset, text in _contracts(province).items():
        _write(folder / "contracts" / f"{dataset}.yml", text)
        _write(folder / "sql" / "observations" / f"{dataset}.sql", _SQL[dataset](province))
    with connect_in_memory() as connection:
        return [
            _write_file(connection, folder, province, dataset, part)
            for dataset in _contracts(province)
            for part in range(province.files)
        ]


# --- the registry -----------------------------------------------------------------------------------------------

Row = dict[str, Any]


def _reference(province: Province) -> dict[str, Iterable[Row]]:
    names = [f"figures.i{number:02}" for number in range(province.indicators)]
    names += [LENGTH, RENEWED] if province.records else []
    said = {"dimension_zh": "维度", "measure_zh": "措施", "indicator_zh": "指标"}
    return {
        "provinces": [{"province_code": "W", "name_zh": "合成省", "name_en": "Synthetic province"}],
        "cities": [
            {
                "city_code": f"{number:06}",
                "province_code": "W",
                "name_zh": f"单元{number:04}市",
                "short_zh": f"单元{number:04}",
                "name_en": f"Unit {number:04}",
            }
            for number in range(province.units)
        ],
        "dimensions": [
            {
                "dimension_id": f"d{number}",
                "position": number + 1,
                "name_zh": f"{said['dimension_zh']}{number}",
                "name_en": f"Dimension {number}",
                "is_in_index": "true",
                "weight": 1,
            }
            for number in range(DIMENSIONS)
        ],
        "measures": [
            {
                "measure_id": number + 1,
                "section": "合成",
                "title_zh": f"{said['measure_zh']}{number + 1}",
                "title_en": f"Measure {number + 1}",
                "summary_zh": "合成",
                "summary_en": "Synthetic",
                "responsible_zh": "合成",
                "responsible_en": "Synthetic",
                "dimension_id": f"d{number % DIMENSIONS}",
            }
            for number in range(min(MEASURES, len(names)))
        ],
        "sources": [
            {
                "source_id": "synthetic",
                "publication_zh": "合成数据",
                "publication_en": "Synthetic figures",
                "publisher_zh": "基准",
                "publisher_en": "Benchmarks",
                "kind": "dataset",
                "priority": 1,
            }
        ],
        "indicators": [_indicator(name, position, said["indicator_zh"]) for position, name in enumerate(names)],
        "indicator_measures": [
            {"indicator_id": name, "measure_id": _measure_of(position, len(names))}
            for position, name in enumerate(names)
        ],
        "baskets": [
            {
                "basket_id": "all",
                "name_zh": "全部",
                "name_en": "All",
                "about_zh": "合成",
                "about_en": "Synthetic",
                "is_headline": "true",
            }
        ],
        "basket_indicators": [{"basket_id": "all", "indicator_id": name} for name in names],
        "goalposts": [
            {
                "indicator_id": name,
                "lower": 0,
                "upper": 100_000 if name == LENGTH else 100,
                "scale": "linear",
                "class": "natural_limit",
                "justification_zh": "合成",
                "justification_en": "Synthetic",
            }
            for name in names
        ],
        "targets": [_target(name) for name in names if name != LENGTH],
    }


def _measure_of(position: int, names: int) -> int:
    """A measure of the indicator's own dimension, each in its turn."""
    own = range(position % DIMENSIONS, min(MEASURES, names), DIMENSIONS)
    return own[position // DIMENSIONS % len(own)] + 1


def _indicator(name: str, position: int, word: str) -> Row:
    is_length = name == LENGTH
    return {
        "indicator_id": name,
        "dataset": name.split(".")[0],
        "dimension_id": f"d{position % DIMENSIONS}",
        "name_zh": f"{word}{position:02}",
        "name_en": f"Indicator {position:02}",
        "definition_zh": "合成",
        "definition_en": "Synthetic",
        "formula": "-",
        "unit": "公里" if is_length else "%",
        "decimals": 2,
        "direction": 1,
        "scope": "whole",
        "kind": "stock" if is_length else "rate",
        "minimum": 0,
        "maximum": "" if is_length else 100,
        "target_kind": "at_least",
        "pace_rule": "compound" if position % 2 else "linear",
        "maximum_age_years": 5,
        "weight": 1,
        "responsible_zh": "合成",
        "responsible_en": "Synthetic",
    }


def _target(name: str) -> Row:
    return {
        "target_id": f"{name}@2030",
        "indicator_id": name,
        "kind": "at_least",
        "operator": ">=",
        "value": 90,
        "unit": "%",
        "year": 2030,
        "scope": "all",
        "scope_zh": "全部",
        "scope_en": "All",
        "authority": "policy_province",
        "source_id": "synthetic",
        "document_zh": "合成",
        "source_grade": "A",
    }


# --- contracts and models ---------------------------------------------------------------------------------------


def _contracts(province: Province) -> dict[str, str]:
    columns = "\n".join(
        f'  i{number:02}: {{type: number, unit: "%", min: 0, max: 100, zh: 指标{number:02}, en: Indicator {number:02}}}'
        for number in range(province.indicators)
    )
    indicators = "\n".join(f"  - figures.i{number:02}" for number in range(province.indicators))
    figures = _CONTRACT.format(
        dataset="figures",
        zh="数字（合成）",
        en="Figures (synthetic)",
        key="unit, year",
        columns=columns,
        indicators=indicators,
    )
    if not province.records:
        return {"figures": figures}
    segments = _CONTRACT.format(
        dataset="segments",
        zh="管段（合成）",
        en="Segments (synthetic)",
        key="unit, year, segment",
        columns=_SEGMENT_COLUMNS,
        indicators=f"  - {LENGTH}\n  - {RENEWED}",
    )
    return {"figures": figures, "segments": segments}


_CONTRACT = """dataset: {dataset}
zh: {zh}
en: {en}
about_zh: 合成数据，不是任何地方的数字
about_en: Synthetic; figures of no place
key: [{key}]
columns:
  unit: {{type: place, required: true, zh: 单元, en: Unit}}
  year: {{type: integer, required: true, min: 1900, max: 2100, zh: 年份, en: Year}}
{columns}
  source_id: {{type: text, required: true, references: sources.source_id, zh: 来源, en: Source}}
  source_grade: {{type: text, required: true, allowed: [A, B, C], zh: 等级, en: Grade}}
indicators:
{indicators}
"""
_SEGMENT_COLUMNS = """  segment: {type: text, required: true, zh: 管段, en: Segment}
  length_km: {type: number, unit: 公里, min: 0, max: 100, zh: 长度, en: Length}
  is_renewed: {type: boolean, required: true, zh: 已更新, en: Renewed}"""


def _figures_sql(province: Province) -> str:
    """One select, as every model: a branch for each indicator."""
    branches = "\n    union all\n".join(
        f"    select\n        *,\n        'figures.i{number:02}' as indicator_id,\n        i{number:02} as figure\n"
        "    from intake.figures"
        for number in range(province.indicators)
    )
    reported = _REPORTED.format(source="figures")
    return f"-- one row per unit, year and indicator\nwith figures as (\n{branches}\n),\n{reported}"


def _segments_sql(_province: Province) -> str:
    """Sums of integers, a row a file first: only then is the first row of a sum looked for."""
    return f"-- one row per unit, year and indicator\n{_SUMMED}{_REPORTED.format(source='figures')}"


_SUMMED = """with files as (
    select
        city_code,
        province_code,
        year,
        source_id,
        file_sha256,
        sheet,
        max(source_grade) as source_grade,
        min(line) as line,
        sum(cast(floor(length_km * 1e2 + 0.5) as bigint)) as hundredths,
        sum(case when is_renewed then cast(floor(length_km * 1e2 + 0.5) as bigint) else 0 end) as renewed
    from intake.segments
    group by city_code, province_code, year, source_id, file_sha256, sheet
),

summed as (
    select
        *,
        sum(hundredths) over (
            partition by city_code, province_code, year rows between unbounded preceding and unbounded following
        ) as total,
        sum(renewed) over (
            partition by city_code, province_code, year rows between unbounded preceding and unbounded following
        ) as total_renewed,
        row_number() over (
            partition by city_code, province_code, year order by file_sha256, sheet, line
            rows between unbounded preceding and current row
        ) as position
    from files
),

figures as (
    select
        *,
        'segments.length_km' as indicator_id,
        cast(total as double) / 1e2 as figure
    from summed
    where position = 1
    union all
    select
        *,
        'segments.renewed_pct' as indicator_id,
        1e2 * cast(total_renewed as double) / nullif(cast(total as double), 0) as figure
    from summed
    where position = 1
),
"""
_REPORTED = """
reported as (
    select
        city_code,
        province_code,
        cast(indicator_id as varchar) as indicator_id,
        cast(year as integer) as year,
        figure as value,
        cast(null as varchar) as qualifier,
        'whole' as scope,
        cast(null as varchar) as district,
        cast(null as integer) as since_year,
        cast(null as date) as as_of,
        source_id,
        source_grade,
        cast(null as varchar) as note,
        file_sha256,
        sheet,
        line
    from {source}
    where figure is not null
)

select * from reported
"""
_SQL = {"figures": _figures_sql, "segments": _segments_sql}

# --- files ------------------------------------------------------------------------------------------------------


def _write_file(connection: Connection, folder: Path, province: Province, dataset: str, part: int) -> Path:
    """One file of a dataset: the units of this part, in the encoding whose turn it is."""
    target = folder / "inbox" / dataset / f"part_{part:04}.csv"
    target.parent.mkdir(parents=True, exist_ok=True)
    connection.execute(f"copy ({_rows(province, dataset, part)}) to {quote_literal(target)} (format csv, header)")
    encoding = province.encodings[part % len(province.encodings)]
    if encoding != "utf-8":
        _encode(target, encoding)
    return target


def _rows(province: Province, dataset: str, part: int) -> str:
    """Values rise with the years, each from a start of its own: plain arithmetic, the same everywhere."""
    first = province.units * part // province.files
    last = province.units * (part + 1) // province.files
    units = f"range({first}, {last}) as units(u), range({province.years}) as years(y)"
    unit = "printf('单元%04d市', u)"
    year = f"{LAST_YEAR + 1 - province.years} + y"
    if dataset == "segments":
        number = f"((u * {province.years} + y) * {province.records} + r)"
        broken = f"{number} % {province.broken_every} = {province.broken_every - 1}"
        fault = f"case when {broken} then {number} // {province.broken_every} % {_FAULTS} end"
        # Each unit has a size and a pace of its own: where all are alike, blocks of figures look exchanged.
        share = "(20 + u * 37 % 80) / 100"
        length = f"printf('%.2f', ({{number}} * 7919 + {province.seed} * 104729) % 5000 / 100 * {share})"
        renewed = "case when ({number} * 31) % 100 < (y + 1) * (2 + u * 29 % 8) then '是' else '否' end"
        # A row that repeats the one before it, or contradicts it, has its key.
        return (
            f"select {unit} as unit, {year} as year, "
            "printf('S%07d', case when fault in (5, 6) then greatest(r - 1, 0) else r end) as segment, "
            "case fault when 0 then '1O.5' when 1 then '100.5' "
            f"when 5 then {length.format(number='(number - 1)')} "
            f"else {length.format(number='number')} end as length_km, "
            "case fault when 2 then '也许' "
            f"when 5 then {renewed.format(number='(number - 1)')} "
            f"else {renewed.format(number='number')} end as is_renewed, "
            "case fault when 3 then 'hearsay' else 'synthetic' end as source_id, "
            "case fault when 4 then 'D' else 'A' end as source_grade "
            f"from (select u, y, r, {number} as number, {fault} as fault from {units}, "
            f"range({province.records}) as records(r))"
        )
    broken = f"(u * {province.years} + y) % {province.broken_every} = {province.broken_every - 1}"
    # From 1 on, because a smaller percentage may be a fraction and is rejected.
    start = f"(100 + (u * 7919 + {{i}} * 104729 + {province.seed} * 1299709) % 5900) / 100.0"
    rise = "y * ((u * 31 + {i} * 17) % 40) / 10.0"
    figures = [
        f"printf('%.2f', least(99.99, {start.format(i=i)} + {rise.format(i=i)})) as i{i:02}"
        for i in range(province.indicators)
    ]
    return (
        f"select case when {broken} then '无此地' else {unit} end as unit, {year} as year, {', '.join(figures)}, "
        f"'synthetic' as source_id, 'A' as source_grade from {units}"
    )


def _encode(file: Path, encoding: str) -> None:
    other = file.with_suffix(".encoded")
    with file.open(encoding="utf-8", newline="") as source, other.open("w", encoding=encoding, newline="") as target:
        for block in _blocks(source):
            target.write(block)
    other.replace(file)


def _blocks(stream: Any) -> Iterator[str]:
    while block := stream.read(_BLOCK):
        yield block


def _write_table(file: Path, columns: list[str], rows: Iterable[Row]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    for name, default in (("units", 100), ("indicators", 60), ("years", 10), ("records", 0), ("files", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--encodings", nargs="+", default=["utf-8"])
    told = vars(parser.parse_args())
    folder = told.pop("folder")
    province = Province(**{**told, "encodings": tuple(told["encodings"])})
    files = write_province(folder, province)
    print(f"{province.rows:,} rows, {sum(file.stat().st_size for file in files):,} bytes")  # noqa: T201


if __name__ == "__main__":
    main()
