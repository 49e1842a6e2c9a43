"""Plant blocks in the rows of other places into figures, and compare what is held with what was planted."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

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
