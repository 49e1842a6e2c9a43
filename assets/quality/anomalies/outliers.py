"""Plausibility: what is odd about figures that are typed, in range and complete.

Here: one function a detector, from figures and the registry's parameters to suspicions. Pure functions: nothing is
read, written or dropped. Not here: severities and thresholds (data/reference), where figures come from and where flags
go (assets.quality.anomalies.flags), blocks shifted by a row (assets.quality.anomalies.row_shift).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from statistics import median

Parameters = Mapping[str, float]
Series = list["Observation"]

# The median absolute deviation of a normal distribution is this part of its standard deviation.
_NORMAL = 1.4826


@dataclass(slots=True, eq=False)
class Observation:
    """A current figure of a city, or of the area above the cities, and where it stands.

    Nobody changes one. There are as many as observations: two are the same where they are one object, which is told
    without a look at their fields.
    """

    indicator_id: str
    city_code: str | None
    province_code: str | None
    year: int
    scope: str
    vintage: int
    value: float
    file: str
    file_sha256: str
    sheet: str | None
    line: int
    kind: str


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A figure that a detector objects to; the statistic is on the wrong side of the threshold."""

    figure: Observation
    found: str
    expected: str
    statistic: float
    threshold: float


@dataclass(frozen=True, slots=True)
class SeriesMetadata:
    """What the registry says of indicators beyond their kind."""

    additive: frozenset[str] = frozenset()
    never_zero: frozenset[str] = frozenset()
    # indicator, numerator, denominator, multiplier
    parts: tuple[tuple[str, str, str, float], ...] = ()
    # indicator, city (None: all), first year after the break
    breaks: frozenset[tuple[str, str | None, int]] = frozenset()
    # the cities of each area above them
    cities_of: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def explains(self, figure: Observation) -> bool:
        """Whether a listed change of definition or boundary explains a change into this year."""
        return (figure.indicator_id, figure.city_code, figure.year) in self.breaks or (
            (figure.indicator_id, None, figure.year) in self.breaks
        )


def series(figures: Iterable[Observation]) -> list[Series]:
    """The figures of each city, indicator and scope, by year; totals make no series here."""
    found: dict[tuple[str, str, str], Series] = defaultdict(list)
    for figure in figures:
        if figure.city_code is not None:
            found[figure.indicator_id, figure.city_code, figure.scope].append(figure)
    return [sorted(one, key=lambda figure: figure.year) for _, one in sorted(found.items())]


def blocks(figures: Iterable[Observation]) -> list[Series]:
    """The figures of all cities for each indicator, scope and year."""
    found: dict[tuple[str, str, int], Series] = defaultdict(list)
    for figure in figures:
        if figure.city_code is not None:
            found[figure.indicator_id, figure.scope, figure.year].append(figure)
    return [sorted(block, key=lambda figure: figure.city_code or "") for _, block in sorted(found.items())]


@lru_cache(maxsize=1024)
def nearest_years(years: tuple[int, ...], count: int) -> tuple[tuple[int, ...], ...]:
    """For each position of a series the positions of so many others, the nearest years first, the earlier before.

    Remembered, for most series of a province have figures of the same years.
    """
    return tuple(
        tuple(sorted((j for j in range(len(years)) if j != i), key=lambda j: (abs(years[j] - year), years[j]))[:count])
        for i, year in enumerate(years)
    )


def shown(value: float) -> str:
    return f"{value:.10g}"


def positions(values: Sequence[float], kind: str) -> list[float]:
    """Where differences are comparable: logarithms of amounts, since they grow in proportion; rates as they are."""
    if kind in ("stock", "flow") and min(values) > 0:
        return [math.log(value) for value in values]
    level = median(abs(value) for value in values) or 1.0
    return [value / level for value in values]


def _scores(one: Series, known: SeriesMetadata, parameters: Parameters) -> dict[int, float]:
    """Robust score of the change into each figure, by position; changes over a gap or a listed break are left out."""
    if len(one) < 2 or one[0].kind == "yes_no":
        return {}
    places = positions([figure.value for figure in one], one[0].kind)
    changes = {
        i: places[i] - places[i - 1]
        for i in range(1, len(one))
        if one[i].year == one[i - 1].year + 1 and not known.explains(one[i])
    }
    if len(changes) < parameters["minimum_changes"]:
        return {}
    middle = median(changes.values())
    spread = _NORMAL * median(abs(change - middle) for change in changes.values())
    scale = max(spread, parameters["scale_floor"])
    return {i: (change - middle) / scale for i, change in changes.items()}


def detect_spikes(figures: Sequence[Observation], known: SeriesMetadata, parameters: Parameters) -> Iterator[Anomaly]:
    """A figure that leaves the level of its series and comes back the next year.

    Its distance from the middle of its neighbours is measured by such distances elsewhere in the series: those of the
    years beside it are made by the spike itself.
    """
    for one in series(figures):
        if one[0].kind == "yes_no":
            continue
        places = positions([figure.value for figure in one], one[0].kind)
        middles = {i: (places[i - 1] + places[i + 1]) / 2 for i in range(1, len(one) - 1) if _is_plain(one, i, known)}
        for i in middles:
            leaves, returns = places[i] - places[i - 1], places[i] - places[i + 1]
            if leaves * returns <= 0:
                continue
            others = [abs(places[j] - middles[j]) for j in middles if abs(i - j) > 1]
            if len(others) < parameters["minimum_others"]:
                continue
            size = min(abs(leaves), abs(returns)) / max(_NORMAL * median(others), parameters["scale_floor"])
            if size > parameters["threshold"]:
                around = f"{shown(one[i - 1].value)} … {shown(one[i + 1].value)}"
                yield Anomaly(one[i], shown(one[i].value), around, size, parameters["threshold"])


def _is_plain(one: Series, i: int, known: SeriesMetadata) -> bool:
    """Whether a figure has a neighbour in the year before and after it, without a listed break between."""
    is_dense = one[i - 1].year + 1 == one[i].year == one[i + 1].year - 1
    return is_dense and not known.explains(one[i]) and not known.explains(one[i + 1])


def detect_level_shifts(
    figures: Sequence[Observation], known: SeriesMetadata, parameters: Parameters
) -> Iterator[Anomaly]:
    """A yearly change far from the changes usual for the city, which is neither to nor from a spike."""
    for one in series(figures):
        scores = _scores(one, known, parameters)
        far = {i for i, score in scores.items() if abs(score) > parameters["threshold"]}
        back_and_forth = {i for i in far if i + 1 in far and scores[i] * scores[i + 1] < 0}
        for i in sorted(far - back_and_forth - {i + 1 for i in back_and_forth}):
            before = f"{one[i - 1].year}: {shown(one[i - 1].value)}"
            yield Anomaly(one[i], shown(one[i].value), before, abs(scores[i]), parameters["threshold"])


def repeats(figures: Sequence[Observation], known: SeriesMetadata, parameters: Parameters) -> Iterator[Anomaly]:
    """A flow that is the same in several years running: an area may stand still, what happens in a year does not."""
    del known
    for one in series(figures):
        run = 1
        for before, figure in pairwise(one):
            is_same = figure.value == before.value and figure.year == before.year + 1
            run = run + 1 if is_same else 1
            if figure.kind == "flow" and figure.value != 0 and run >= parameters["threshold"]:
                expected = f"{before.year}: {shown(before.value)}"
                yield Anomaly(figure, shown(figure.value), expected, float(run), parameters["threshold"])


def copies(figures: Sequence[Observation], known: SeriesMetadata, parameters: Parameters) -> Iterator[Anomaly]:
    """A figure equal to another city's, where so equal a pair is unlikely by chance.

    By chance one expects about pairs x resolution / interquartile range equal pairs.
    """
    del known
    for block in blocks(figures):
        count = len(block)
        if count < parameters["minimum_cities"] or block[0].kind == "yes_no":
            continue
        values = sorted(figure.value for figure in block)
        spread = values[(3 * count) // 4] - values[count // 4]
        resolution = 10.0 ** -max(decimals(value) for value in values)
        chance = count * (count - 1) / 2 * resolution / spread if spread > resolution / 2 else math.inf
        if chance >= parameters["threshold"]:
            continue
        holders: dict[float, Series] = defaultdict(list)
        for figure in block:
            holders[figure.value].append(figure)
        for value, same in holders.items():
            if len(same) > 1 and significant_digits(value) >= parameters["minimum_digits"]:
                for figure in same:
                    others = ", ".join(other.city_code or "" for other in same if other is not figure)
                    yield Anomaly(figure, shown(value), f"≠ {others}", chance, parameters["threshold"])


def detect_fabricated_digits(
    figures: Sequence[Observation], known: SeriesMetadata, parameters: Parameters
) -> Iterator[Anomaly]:
    """Digits in a row as on a keyboard (1234.56, 98765) or one digit throughout (7777.7)."""
    del known
    for figure in figures:
        digits = _digits(figure.value)
        if len(digits) < parameters["threshold"]:
            continue
        steps = {int(b) - int(a) for a, b in pairwise(digits)}
        if steps == {1} or steps == {-1} or steps == {0}:
            yield Anomaly(figure, shown(figure.value), "", float(len(digits)), parameters["threshold"])


def totals(figures: Sequence[Observation], known: SeriesMetadata, parameters: Parameters) -> Iterator[Anomaly]:
    """A total that the cities do not add up to, or that some of them exceed already."""
    sums: dict[tuple[str, str, int, str], float] = defaultdict(float)
    present: dict[tuple[str, str, int, str], set[str]] = defaultdict(set)
    province_of = {city: province for province, cities in known.cities_of.items() for city in cities}
    for figure in figures:
        if figure.city_code in province_of:
            key = (figure.indicator_id, figure.scope, figure.year, province_of[figure.city_code])
            sums[key] += figure.value
            present[key].add(figure.city_code)
    for figure in figures:
        if figure.province_code is None or figure.indicator_id not in known.additive or figure.value == 0:
            continue
        key = (figure.indicator_id, figure.scope, figure.year, figure.province_code)
        if key not in sums:
            continue
        is_whole = frozenset(present[key]) == known.cities_of.get(figure.province_code)
        gap = (sums[key] - figure.value) / abs(figure.value)
        size = abs(gap) if is_whole else gap
        if size > parameters["threshold"]:
            found = f"{shown(figure.value)}; Σ ({len(present[key])}) = {shown(sums[key])}"
            yield Anomaly(figure, found, shown(sums[key]), size, parameters["threshold"])


def parts(figures: Sequence[Observation], known: SeriesMetadata, parameters: Parameters) -> Iterator[Anomaly]:
    """A rate that is not its numerator over its denominator, all three of one city, year and scope."""
    by_key = {(f.indicator_id, f.city_code, f.province_code, f.year, f.scope): f for f in figures}
    for rate, numerator, denominator, multiplier in known.parts:
        for figure in figures:
            if figure.indicator_id != rate:
                continue
            place = (figure.city_code, figure.province_code, figure.year, figure.scope)
            above, below = by_key.get((numerator, *place)), by_key.get((denominator, *place))
            if above is None or below is None or below.value == 0:
                continue
            computed = above.value / below.value * multiplier
            size = abs(figure.value - computed) / max(abs(computed), 1e-9)
            if size > parameters["threshold"]:
                yield Anomaly(figure, shown(figure.value), shown(computed), size, parameters["threshold"])


def detect_definition_flips(
    figures: Sequence[Observation], known: SeriesMetadata, parameters: Parameters
) -> Iterator[Anomaly]:
    """A stock that goes back to a level it had left, more than once: two definitions under one name."""
    for one in series(figures):
        if one[0].kind != "stock":
            continue
        returns = [i for i in range(2, len(one)) if _returns(one, i, parameters) and not known.explains(one[i])]
        if len(returns) >= parameters["threshold"]:
            for i in returns:
                expected = f"{one[i - 1].year}: {shown(one[i - 1].value)}"
                yield Anomaly(one[i], shown(one[i].value), expected, float(len(returns)), parameters["threshold"])


def _returns(one: Series, i: int, parameters: Parameters) -> bool:
    """Whether the figure leaves the level before it for one that the series had before that."""
    value, before = one[i].value, one[i - 1].value
    if _apart(value, before) <= parameters["minimum_step"]:
        return False
    return any(_apart(value, earlier.value) <= parameters["same_level"] for earlier in one[: i - 1])


def _apart(a: float, b: float) -> float:
    return abs(a - b) / max(abs(a), abs(b), 1e-12)


def zeros(figures: Sequence[Observation], known: SeriesMetadata, parameters: Parameters) -> Iterator[Anomaly]:
    """A zero where the registry says that none can be."""
    for figure in figures:
        if figure.indicator_id in known.never_zero and abs(figure.value) <= parameters["threshold"]:
            yield Anomaly(figure, shown(figure.value), "> 0", abs(figure.value), parameters["threshold"])


def magnitudes(figures: Sequence[Observation], known: SeriesMetadata, parameters: Parameters) -> Iterator[Anomaly]:
    """A figure some times the median of the nearest years of its own series, or that part of it."""
    del known
    for one in series(figures):
        nearest = nearest_years(tuple(figure.year for figure in one), int(parameters["nearest_years"]))
        for figure, others in zip(one, nearest, strict=True):
            near = [one[j].value for j in others]
            if len(near) < parameters["minimum_years"] or min(near) <= 0 or figure.value <= 0:
                continue
            usual = median(near)
            times = max(figure.value / usual, usual / figure.value)
            if times > parameters["threshold"]:
                yield Anomaly(figure, shown(figure.value), f"≈ {shown(usual)}", times, parameters["threshold"])


def decimals(value: float) -> int:
    """Decimal places that a figure is written with."""
    return len(_plainly(value).partition(".")[2])


def significant_digits(value: float) -> int:
    return len(_digits(value).rstrip("0"))


def _digits(value: float) -> str:
    return _plainly(abs(value)).replace(".", "").lstrip("0")


def _plainly(value: float) -> str:
    """A figure with all its digits: without an exponent, and without zeros behind the last decimal place."""
    text = repr(value)
    return text.removesuffix(".0") if "e" not in text else format(Decimal(text).normalize(), "f")
