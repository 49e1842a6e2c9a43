"""Outlier detectors: observations that have the right type and range and are still implausible.

Here: one pure function per detector, from observations and parameters to anomalies. Not here: severities and parameters
(data/reference), reading observations and writing flags (assets.quality.anomalies.flags), blocks shifted by a row
(assets.quality.anomalies.row_shift). Formulas in words: docs/plausibility.md.
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
from typing import NamedTuple

Parameters = Mapping[str, float]
Series = list["Observation"]

# The standard deviation of a normal distribution is this many times its median absolute deviation (MAD); Rousseeuw and
# Croux, Alternatives to the Median Absolute Deviation, JASA 88 (1993).
_MAD_TO_SIGMA = 1.4826


@dataclass(slots=True, eq=False)
class Observation:
    """A current value of a city, or of the province above the cities, with its source.

    Immutable by convention. `eq=False`: instances are compared by identity, because there is one per observation.
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
    """An observation that a detector rejects, with the statistic that exceeds the threshold.

    `value_text` and `expected_text` are shown to people: the value, and the values that it is compared with.
    """

    observation: Observation
    value_text: str
    expected_text: str
    statistic: float
    threshold: float


class Ratio(NamedTuple):
    """A derived indicator; its denominator may be up to `maximum_gap_years` older than the numerator."""

    indicator_id: str
    numerator_id: str
    denominator_id: str
    multiplier: float
    maximum_gap_years: int


@dataclass(frozen=True, slots=True)
class SeriesMetadata:
    """What the reference tables state about indicators.

    Attributes:
        additive: Indicators whose city values add up to the province's value.
        never_zero: Indicators that cannot be zero.
        ratios: The parts of each derived indicator.
        scopes: The registered scope of each indicator.
        breaks: (indicator, city or None for all, first year after a change of definition or boundary).
        cities_of: The cities of each province.
    """

    additive: frozenset[str] = frozenset()
    never_zero: frozenset[str] = frozenset()
    ratios: tuple[Ratio, ...] = ()
    scopes: Mapping[str, str] = field(default_factory=dict)
    breaks: frozenset[tuple[str, str | None, int]] = frozenset()
    cities_of: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def has_break(self, observation: Observation) -> bool:
        """Return whether a listed break of the series explains a change into this year."""
        return (observation.indicator_id, observation.city_code, observation.year) in self.breaks or (
            (observation.indicator_id, None, observation.year) in self.breaks
        )


def group_series(observations: Iterable[Observation]) -> list[Series]:
    """Return the observations of each city, indicator and scope, by year; without those of provinces."""
    groups: dict[tuple[str, str, str], Series] = defaultdict(list)
    for observation in observations:
        if observation.city_code is not None:
            groups[observation.indicator_id, observation.city_code, observation.scope].append(observation)
    return [sorted(series, key=lambda observation: observation.year) for _, series in sorted(groups.items())]


def group_cross_sections(observations: Iterable[Observation]) -> list[Series]:
    """Return the observations of all cities for each indicator, scope and year."""
    groups: dict[tuple[str, str, int], Series] = defaultdict(list)
    for observation in observations:
        if observation.city_code is not None:
            groups[observation.indicator_id, observation.scope, observation.year].append(observation)
    return [sorted(block, key=lambda observation: observation.city_code or "") for _, block in sorted(groups.items())]


@lru_cache(maxsize=1024)
def nearest_years(years: tuple[int, ...], count: int) -> tuple[tuple[int, ...], ...]:
    """Return for each position of a series the `count` nearest other positions, of two equally near the earlier first.

    Cached, because most series of a province have the same years.
    """
    return tuple(
        tuple(sorted((j for j in range(len(years)) if j != i), key=lambda j: (abs(years[j] - year), years[j]))[:count])
        for i, year in enumerate(years)
    )


def format_value(value: float) -> str:
    """Return a value with at most ten significant digits."""
    return f"{value:.10g}"


def to_comparable_scale(values: Sequence[float], kind: str) -> list[float]:
    """Return values on a scale on which differences are comparable.

    Amounts grow in proportion, so positive stocks and flows become logarithms; other values become shares of the
    median absolute value of the series.
    """
    if kind in ("stock", "flow") and min(values) > 0:
        return [math.log(value) for value in values]
    level = median(abs(value) for value in values) or 1.0
    return [value / level for value in values]


def _change_scores(series: Series, metadata: SeriesMetadata, parameters: Parameters) -> dict[int, float]:
    """Return the robust z-score of the change into each position: (change - median) / (1.4826 MAD).

    `scale_floor` is the least denominator. Changes across a gap of years or a listed break are left out.
    """
    if len(series) < 2 or series[0].kind == "yes_no":
        return {}
    scaled = to_comparable_scale([observation.value for observation in series], series[0].kind)
    changes = {
        i: scaled[i] - scaled[i - 1]
        for i in range(1, len(series))
        if series[i].year == series[i - 1].year + 1 and not metadata.has_break(series[i])
    }
    if len(changes) < parameters["minimum_changes"]:
        return {}
    middle = median(changes.values())
    spread = _MAD_TO_SIGMA * median(abs(change - middle) for change in changes.values())
    scale = max(spread, parameters["scale_floor"])
    return {i: (change - middle) / scale for i, change in changes.items()}


def detect_spikes(
    observations: Sequence[Observation], metadata: SeriesMetadata, parameters: Parameters
) -> Iterator[Anomaly]:
    """Yield observations that leave the level of their series for a single year.

    The statistic is the distance to the nearer neighbour over 1.4826 times the median distance of other years from the
    midpoint of their neighbours. Adjacent years are excluded: the spike itself moves their midpoints.
    """
    for series in group_series(observations):
        if series[0].kind == "yes_no":
            continue
        scaled = to_comparable_scale([observation.value for observation in series], series[0].kind)
        middles = {
            i: (scaled[i - 1] + scaled[i + 1]) / 2
            for i in range(1, len(series) - 1)
            if _has_neighbours(series, i, metadata)
        }
        for i in middles:
            leaves, returns = scaled[i] - scaled[i - 1], scaled[i] - scaled[i + 1]
            if leaves * returns <= 0:
                continue
            others = [abs(scaled[j] - middles[j]) for j in middles if abs(i - j) > 1]
            if len(others) < parameters["minimum_others"]:
                continue
            score = min(abs(leaves), abs(returns)) / max(_MAD_TO_SIGMA * median(others), parameters["scale_floor"])
            if score > parameters["threshold"]:
                neighbours = f"{format_value(series[i - 1].value)} … {format_value(series[i + 1].value)}"
                yield Anomaly(series[i], format_value(series[i].value), neighbours, score, parameters["threshold"])


def _has_neighbours(series: Series, i: int, metadata: SeriesMetadata) -> bool:
    """Return whether both adjacent years have an observation, without a break between."""
    is_dense = series[i - 1].year + 1 == series[i].year == series[i + 1].year - 1
    return is_dense and not metadata.has_break(series[i]) and not metadata.has_break(series[i + 1])


def detect_level_shifts(
    observations: Sequence[Observation], metadata: SeriesMetadata, parameters: Parameters
) -> Iterator[Anomaly]:
    """Yield first years of a new level: changes with a large robust z-score that do not belong to a spike."""
    for series in group_series(observations):
        scores = _change_scores(series, metadata, parameters)
        far = {i for i, score in scores.items() if abs(score) > parameters["threshold"]}
        back_and_forth = {i for i in far if i + 1 in far and scores[i] * scores[i + 1] < 0}
        for i in sorted(far - back_and_forth - {i + 1 for i in back_and_forth}):
            before = f"{series[i - 1].year}: {format_value(series[i - 1].value)}"
            yield Anomaly(series[i], format_value(series[i].value), before, abs(scores[i]), parameters["threshold"])


def detect_repeated_values(
    observations: Sequence[Observation], metadata: SeriesMetadata, parameters: Parameters
) -> Iterator[Anomaly]:
    """Yield values of a flow that are the same in several consecutive years: a stock may stay, a flow does not."""
    del metadata
    for series in group_series(observations):
        run = 1
        for before, observation in pairwise(series):
            is_same = observation.value == before.value and observation.year == before.year + 1
            run = run + 1 if is_same else 1
            if observation.kind == "flow" and observation.value != 0 and run >= parameters["threshold"]:
                expected = f"{before.year}: {format_value(before.value)}"
                yield Anomaly(
                    observation, format_value(observation.value), expected, float(run), parameters["threshold"]
                )


def detect_duplicate_values(
    observations: Sequence[Observation], metadata: SeriesMetadata, parameters: Parameters
) -> Iterator[Anomaly]:
    """Yield values equal to that of another city, where so equal a pair is unlikely by chance.

    The statistic is the expected number of equal pairs: pairs x resolution / interquartile range of the cities' values.
    """
    del metadata
    for block in group_cross_sections(observations):
        count = len(block)
        if count < parameters["minimum_cities"] or block[0].kind == "yes_no":
            continue
        values = sorted(observation.value for observation in block)
        spread = values[(3 * count) // 4] - values[count // 4]
        resolution = 10.0 ** -max(decimals(value) for value in values)
        chance = count * (count - 1) / 2 * resolution / spread if spread > resolution / 2 else math.inf
        if chance >= parameters["threshold"]:
            continue
        holders: dict[float, Series] = defaultdict(list)
        for observation in block:
            holders[observation.value].append(observation)
        for value, same in holders.items():
            if len(same) > 1 and significant_digits(value) >= parameters["minimum_digits"]:
                for observation in same:
                    others = ", ".join(other.city_code or "" for other in same if other is not observation)
                    yield Anomaly(observation, format_value(value), f"≠ {others}", chance, parameters["threshold"])


def detect_fabricated_digits(
    observations: Sequence[Observation], metadata: SeriesMetadata, parameters: Parameters
) -> Iterator[Anomaly]:
    """Yield values whose digits rise or fall by one (1234.56, 98765) or are all the same (7777.7)."""
    del metadata
    for observation in observations:
        digits = _digits(observation.value)
        if len(digits) < parameters["threshold"]:
            continue
        steps = {int(b) - int(a) for a, b in pairwise(digits)}
        if steps == {1} or steps == {-1} or steps == {0}:
            yield Anomaly(observation, format_value(observation.value), "", float(len(digits)), parameters["threshold"])


def detect_sum_mismatches(
    observations: Sequence[Observation], metadata: SeriesMetadata, parameters: Parameters
) -> Iterator[Anomaly]:
    """Yield values of provinces that the sum of their cities differs from.

    The statistic is the relative difference; where cities are missing, only a sum above the value counts.
    """
    sums: dict[tuple[str, str, int, str], float] = defaultdict(float)
    present: dict[tuple[str, str, int, str], set[str]] = defaultdict(set)
    province_of = {city: province for province, cities in metadata.cities_of.items() for city in cities}
    for observation in observations:
        if observation.city_code in province_of:
            key = (observation.indicator_id, observation.scope, observation.year, province_of[observation.city_code])
            sums[key] += observation.value
            present[key].add(observation.city_code)
    for observation in observations:
        if (
            observation.province_code is None
            or observation.indicator_id not in metadata.additive
            or observation.value == 0
        ):
            continue
        key = (observation.indicator_id, observation.scope, observation.year, observation.province_code)
        if key not in sums:
            continue
        is_complete = frozenset(present[key]) == metadata.cities_of.get(observation.province_code)
        gap = (sums[key] - observation.value) / abs(observation.value)
        size = abs(gap) if is_complete else gap
        if size > parameters["threshold"]:
            actual = f"{format_value(observation.value)}; Σ ({len(present[key])}) = {format_value(sums[key])}"
            yield Anomaly(observation, actual, format_value(sums[key]), size, parameters["threshold"])


def detect_ratio_mismatches(
    observations: Sequence[Observation], metadata: SeriesMetadata, parameters: Parameters
) -> Iterator[Anomaly]:
    """Yield rates that differ from multiplier x numerator / denominator of the same place.

    Each part has its registered scope. The denominator is the latest one that is not newer than the numerator and at
    most `maximum_gap_years` older, as in sql/observations/derived_parts.sql.
    """
    in_scope = {
        (o.indicator_id, o.city_code, o.province_code, o.year): o
        for o in observations
        if o.scope == metadata.scopes.get(o.indicator_id)
    }
    for ratio in metadata.ratios:
        for (indicator_id, city, province, year), observation in in_scope.items():
            if indicator_id != ratio.indicator_id:
                continue
            years = range(year, year - ratio.maximum_gap_years - 1, -1)
            below = [in_scope.get((ratio.denominator_id, city, province, earlier)) for earlier in years]
            denominator = next((o for o in below if o is not None and o.value != 0), None)
            numerator = in_scope.get((ratio.numerator_id, city, province, year))
            if numerator is None or denominator is None:
                continue
            computed = numerator.value * ratio.multiplier / denominator.value
            size = abs(observation.value - computed) / max(abs(computed), 1e-9)
            if size > parameters["threshold"]:
                yield Anomaly(
                    observation, format_value(observation.value), format_value(computed), size, parameters["threshold"]
                )


def detect_definition_flips(
    observations: Sequence[Observation], metadata: SeriesMetadata, parameters: Parameters
) -> Iterator[Anomaly]:
    """Yield returns of a stock to a level that it had left, if there are several: two definitions under one name."""
    for series in group_series(observations):
        if series[0].kind != "stock":
            continue
        returns = [
            i for i in range(2, len(series)) if _returns(series, i, parameters) and not metadata.has_break(series[i])
        ]
        if len(returns) >= parameters["threshold"]:
            for i in returns:
                expected = f"{series[i - 1].year}: {format_value(series[i - 1].value)}"
                yield Anomaly(
                    series[i], format_value(series[i].value), expected, float(len(returns)), parameters["threshold"]
                )


def _returns(series: Series, i: int, parameters: Parameters) -> bool:
    """Return whether the value leaves the level of the year before for an earlier level of the series."""
    value, before = series[i].value, series[i - 1].value
    if _relative_gap(value, before) <= parameters["minimum_step"]:
        return False
    return any(_relative_gap(value, earlier.value) <= parameters["same_level"] for earlier in series[: i - 1])


def _relative_gap(a: float, b: float) -> float:
    return abs(a - b) / max(abs(a), abs(b), 1e-12)


def detect_impossible_zeros(
    observations: Sequence[Observation], metadata: SeriesMetadata, parameters: Parameters
) -> Iterator[Anomaly]:
    """Yield zeros of indicators that cannot be zero."""
    for observation in observations:
        if observation.indicator_id in metadata.never_zero and abs(observation.value) <= parameters["threshold"]:
            yield Anomaly(
                observation, format_value(observation.value), "> 0", abs(observation.value), parameters["threshold"]
            )


def detect_magnitude_outliers(
    observations: Sequence[Observation], metadata: SeriesMetadata, parameters: Parameters
) -> Iterator[Anomaly]:
    """Yield values several times the median of the nearest years of their series, or a fraction of it."""
    del metadata
    for series in group_series(observations):
        nearest = nearest_years(tuple(observation.year for observation in series), int(parameters["nearest_years"]))
        for observation, positions in zip(series, nearest, strict=True):
            near = [series[j].value for j in positions]
            if len(near) < parameters["minimum_years"] or min(near) <= 0 or observation.value <= 0:
                continue
            usual = median(near)
            ratio = max(observation.value / usual, usual / observation.value)
            if ratio > parameters["threshold"]:
                yield Anomaly(
                    observation,
                    format_value(observation.value),
                    f"≈ {format_value(usual)}",
                    ratio,
                    parameters["threshold"],
                )


def decimals(value: float) -> int:
    """Return the number of decimal places of a value."""
    return len(_to_decimal_text(value).partition(".")[2])


def significant_digits(value: float) -> int:
    """Return the number of digits without leading and trailing zeros."""
    return len(_digits(value).rstrip("0"))


def _digits(value: float) -> str:
    return _to_decimal_text(abs(value)).replace(".", "").lstrip("0")


def _to_decimal_text(value: float) -> str:
    """Return all digits of a value, without an exponent and without trailing zeros."""
    text = repr(value)
    return text.removesuffix(".0") if "e" not in text else format(Decimal(text).normalize(), "f")
