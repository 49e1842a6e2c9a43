"""Plant blocks in the rows of other places and exchanged columns, and compare what is held with what was planted."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from assets.quality.anomalies.misplaced_blocks import detect_misplaced_blocks
from assets.quality.anomalies.observation import Observation, Parameters
from assets.quality.anomalies.panel import Panel, SeriesMetadata

KINDS = ("by one", "by two", "reversed", "four cities", "two cities", "shuffled")
Series = tuple[str, str, str | None]


@dataclass(frozen=True, slots=True)
class Planting:
    """A year of a source, a kind of exchange, and whether the year is the newest of all figures."""

    source: str
    year: int
    kind: str
    is_newest: bool


def exchange(cities: Sequence[str], kind: str, rng: random.Random) -> dict[str, str]:
    """Return for each city the city whose figures it carries."""
    others = list(cities)
    if kind == "by one":
        others = others[1:] + others[:1]
    elif kind == "by two":
        others = others[-2:] + others[:-2]
    elif kind == "reversed":
        others.reverse()
    elif kind == "shuffled":
        rng.shuffle(others)
    else:
        some = rng.sample(range(len(cities)), 4 if kind == "four cities" else 2)
        for place, following in zip(some, some[1:] + some[:1], strict=True):
            others[place] = cities[following]
    return dict(zip(cities, others, strict=True))


def judged_blocks(observations: Iterable[Observation]) -> list[tuple[str, int]]:
    """Return source and year of the blocks since 2016 that can be judged.

    Half of their figures or more have three other years or more, in six cities or more and several files.
    """
    years: Counter[Series] = Counter()
    blocks: dict[tuple[str, int], list[Observation]] = defaultdict(list)
    for o in observations:
        years[o.indicator_id, o.scope, o.city_code] += 1
        if o.city_code and o.year >= 2016:
            blocks[o.source_id, o.year].append(o)
    return [
        block
        for block, members in sorted(blocks.items())
        if sum(years[o.indicator_id, o.scope, o.city_code] > 3 for o in members) * 2 >= len(members)
        and len({o.city_code for o in members}) >= 6
        and len({o.file for o in members}) > 1
    ]


def plant(observations: Sequence[Observation], planting: Planting, rng: random.Random) -> list[Observation]:
    """Return the figures with all columns of the block in the rows of other places.

    Where the year is to be the newest, later years are left out.
    """
    kept = [o for o in observations if not planting.is_newest or o.year <= planting.year]
    block = [o for o in kept if o.city_code and (o.source_id, o.year) == (planting.source, planting.year)]
    value = {(o.indicator_id, o.scope, o.city_code): o.value for o in block}
    carries = exchange(sorted({o.city_code or "" for o in block}), planting.kind, rng)
    moved = {
        id(o): value[o.indicator_id, o.scope, carries[o.city_code or ""]]
        for o in block
        if (o.indicator_id, o.scope, carries[o.city_code or ""]) in value
    }
    return [replace(o, value=moved.get(id(o), o.value)) for o in kept]


def is_held_alone(
    observations: Sequence[Observation], metadata: SeriesMetadata, parameters: Parameters, planting: Planting, seed: int
) -> tuple[bool, bool]:
    """Return whether all figures of a planted block are held, and whether anything else is."""
    planted = plant(observations, planting, random.Random(seed))
    block = {id(o) for o in planted if o.city_code and (o.source_id, o.year) == (planting.source, planting.year)}
    held = {id(a.observation) for a in detect_misplaced_blocks(Panel(planted, metadata), parameters)}
    return block <= held, bool(held - block)


Column = tuple[str, str]


@dataclass(frozen=True, slots=True)
class ColumnPlanting:
    """Two columns of a source and year, and whether the year is the newest of all figures."""

    source: str
    year: int
    columns: tuple[Column, Column]
    is_newest: bool = False


def exchangeable_columns(observations: Iterable[Observation], metadata: SeriesMetadata) -> list[ColumnPlanting]:
    """Return each two columns of a source and year since 2016 that can be judged and that intake accepts exchanged.

    They have six cities in common with three other years or more.
    """
    members: dict[tuple[str, int], dict[Column, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    observations = list(observations)
    years = Counter((o.indicator_id, o.scope, o.city_code) for o in observations)
    for o in observations:
        if o.city_code and o.year >= 2016 and years[o.indicator_id, o.scope, o.city_code] > 3:
            members[o.source_id, o.year][o.indicator_id, o.scope][o.city_code] = o.value

    def is_possible(values: Iterable[float], column: Column) -> bool:
        low, high, _ = metadata.limits[column[0]]
        return all((low is None or value >= low) and (high is None or value <= high) for value in values)

    return [
        ColumnPlanting(*block, (first, second))
        for block, columns in sorted(members.items())
        for first, second in combinations(sorted(columns), 2)
        if len(columns[first].keys() & columns[second].keys()) >= 6
        and is_possible(columns[first].values(), second)
        and is_possible(columns[second].values(), first)
    ]


def plant_exchanged_columns(
    observations: Sequence[Observation], planting: ColumnPlanting
) -> tuple[list[Observation], set[int]]:
    """Return the figures with both columns exchanged, and the ids of the exchanged ones."""
    kept = [o for o in observations if not planting.is_newest or o.year <= planting.year]
    block = [o for o in kept if o.city_code and (o.source_id, o.year) == (planting.source, planting.year)]
    value = {((o.indicator_id, o.scope), o.city_code): o.value for o in block}
    other = dict(zip(planting.columns, planting.columns[::-1], strict=True))
    moved = {
        id(o): replace(o, value=value[other[column], o.city_code])
        for o in block
        if (column := (o.indicator_id, o.scope)) in other and (other[column], o.city_code) in value
    }
    return [moved.get(id(o), o) for o in kept], {id(o) for o in moved.values()}
