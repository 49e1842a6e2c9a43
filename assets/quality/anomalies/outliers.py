"""Outlier detectors: observations that have the right type and range and are still implausible.

Here: one pure function per detector, from panel and parameters to anomalies. Not here: severities and parameters
(data/reference), reading observations and writing flags (assets.quality.anomalies.flags), figures that stand in the
rows of other places (assets.quality.anomalies.misplaced_blocks). Formulas in words: docs/plausibility.md.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from statistics import median

from assets.quality.anomalies.observation import MAD_TO_SIGMA, Anomaly, Observation, Parameters, Series, nearest_years
from assets.quality.anomalies.panel import Panel, SeriesMetadata, group_cities


def to_comparable_scale(series: Series) -> list[float]:
    """Return the values of a series on a scale on which differences are comparable.

    Amounts grow in proportion, so positive stocks and flows become logarithms; other values become shares of the
    median absolute value of the series.
    """
    values = [observation.value for observation in series]
    if is_positive_amount(series):
        return [math.log(value) for value in values]
    level = median(abs(value) for value in values) or 1.0
    return [value / level for value in values]


def is_positive_amount(series: Series) -> bool:
    """Return whether the observations are stocks or flows, all of them positive."""
    return series[0].kind in ("stock", "flow") and min(observation.value for observation in series) > 0


def _change_scores(series: Series, metadata: SeriesMetadata, parameters: Parameters) -> dict[int, float]:
    """Return the robust z-score of the change into each position: (change - median) / (1.4826 MAD).

    `scale_floor` is the least denominator. Changes across a gap of years or a listed break are left out.
    """
    if len(series) < 2 or series[0].kind == "yes_no":
        return {}
    scaled = to_comparable_scale(series)
    changes = {
        i: scaled[i] - scaled[i - 1]
        for i in range(1, len(series))
        if series[i].year == series[i - 1].year + 1 and not metadata.has_break(series[i])
    }
    if len(changes) < parameters["minimum_changes"]:
        return {}
    middle = median(changes.values())
    spread = MAD_TO_SIGMA * median(abs(change - middle) for change in changes.values())
    scale = max(spread, parameters["scale_floor"])
    return {i: (change - middle) / scale for i, change in changes.items()}


def detect_spikes(panel: Panel, parameters: Parameters) -> Iterator[Anomaly]:
    """Yield observations that leave the level of their series for a single year.

    The statistic is the distance to the nearer neighbour over 1.4826 times the median distance of other years from the
    midpoint of their neighbours. Adjacent years are excluded: the spike itself moves their midpoints.
    """
    for series in panel.series:
        if series[0].kind == "yes_no":
            continue
        scaled = to_comparable_scale(series)
        middles = {
            i: (scaled[i - 1] + scaled[i + 1]) / 2
            for i in range(1, len(series) - 1)
            if _has_neighbours(series, i, panel.metadata)
        }
        for i in middles:
            leaves, returns = scaled[i] - scaled[i - 1], scaled[i] - scaled[i + 1]
            if leaves * returns <= 0:
                continue
            others = [abs(scaled[j] - middles[j]) for j in middles if abs(i - j) > 1]
            if len(others) < parameters["minimum_others"]:
                continue
            score = min(abs(leaves), abs(returns)) / max(MAD_TO_SIGMA * median(others), parameters["scale_floor"])
            if score > parameters["threshold"]:
                neighbours = f"{series[i - 1].text} … {series[i + 1].text}"
                yield Anomaly(series[i], score, parameters["threshold"], neighbours)


def _has_neighbours(series: Series, i: int, metadata: SeriesMetadata) -> bool:
    """Return whether both adjacent years have an observation, without a break between."""
    is_dense = series[i - 1].year + 1 == series[i].year == series[i + 1].year - 1
    return is_dense and not metadata.has_break(series[i]) and not metadata.has_break(series[i + 1])


def detect_level_shifts(panel: Panel, parameters: Parameters) -> Iterator[Anomaly]:
    """Yield first years of a new level: changes with a large robust z-score that do not belong to a spike."""
    for series in panel.series:
        scores = _change_scores(series, panel.metadata, parameters)
        far = {i for i, score in scores.items() if abs(score) > parameters["threshold"]}
        back_and_forth = {i for i in far if i + 1 in far and scores[i] * scores[i + 1] < 0}
        for i in sorted(far - back_and_forth - {i + 1 for i in back_and_forth}):
            yield Anomaly(series[i], abs(scores[i]), parameters["threshold"], series[i - 1].year_and_value)


def detect_repeated_values(panel: Panel, parameters: Parameters) -> Iterator[Anomaly]:
    """Yield values of a flow that are the same in several consecutive years: a stock may stay, a flow does not."""
    for series in panel.series:
        run = 1
        for before, observation in pairwise(series):
            is_same = observation.value == before.value and observation.year == before.year + 1
            run = run + 1 if is_same else 1
            if observation.kind == "flow" and observation.value != 0 and run >= parameters["threshold"]:
                yield Anomaly(observation, float(run), parameters["threshold"], before.year_and_value)


def detect_duplicate_values(panel: Panel, parameters: Parameters) -> Iterator[Anomaly]:
    """Yield values equal to that of another city, where so equal a pair is unlikely by chance.

    The statistic is the expected number of equal pairs: pairs x resolution / interquartile range of the cities' values.
    """
    for block in panel.cross_sections:
        count = len(block)
        if count < parameters["minimum_cities"] or block[0].kind == "yes_no":
            continue
        values = sorted(observation.value for observation in block)
        spread = values[(3 * count) // 4] - values[count // 4]
        resolution = 10.0 ** -max(decimals(value) for value in values)
        chance = count * (count - 1) / 2 * resolution / spread if spread > resolution / 2 else math.inf
        if chance >= parameters["threshold"]:
            continue
        for same in group_cities(block, lambda o: o.value, lambda o: o.city_code):
            if len(same) > 1 and significant_digits(same[0].value) >= parameters["minimum_digits"]:
                for observation in same:
                    others = ", ".join(other.city_code or "" for other in same if other is not observation)
                    yield Anomaly(observation, chance, parameters["threshold"], f"≠ {others}")


def detect_fabricated_digits(panel: Panel, parameters: Parameters) -> Iterator[Anomaly]:
    """Yield values whose digits rise or fall by one (1234.56, 98765) or are all the same (7777.7)."""
    for observation in panel.observations:
        digits = _digits(observation.value)
        if len(digits) < parameters["threshold"]:
            continue
        if {int(b) - int(a) for a, b in pairwise(digits)} in ({1}, {-1}, {0}):
            yield Anomaly(observation, float(len(digits)), parameters["threshold"])


def detect_sum_mismatches(panel: Panel, parameters: Parameters) -> Iterator[Anomaly]:
    """Yield values of provinces that the sum of their cities differs from.

    The statistic is the relative difference; where cities are missing, only a sum above the value counts.
    """
    metadata = panel.metadata
    province_of = {city: province for province, cities in metadata.cities_of.items() for city in cities}
    values: dict[tuple[object, ...], dict[str, float]] = defaultdict(dict)
    for o in panel.observations:
        if o.city_code in province_of:
            values[o.indicator_id, o.scope, o.year, province_of[o.city_code]][o.city_code] = o.value
    for o in panel.observations:
        cities = values.get((o.indicator_id, o.scope, o.year, o.province_code), {})
        if not cities or o.province_code is None or o.indicator_id not in metadata.additive or o.value == 0:
            continue
        total = sum(cities.values())
        gap = (total - o.value) / abs(o.value)
        size = abs(gap) if cities.keys() == metadata.cities_of.get(o.province_code) else gap
        if size > parameters["threshold"]:
            details = f"; Σ ({len(cities)}) = {total:.10g}"
            yield Anomaly(o, size, parameters["threshold"], f"{total:.10g}", details)


def detect_ratio_mismatches(panel: Panel, parameters: Parameters) -> Iterator[Anomaly]:
    """Yield rates that differ from multiplier x numerator / denominator of the same place.

    Each has its registered scope. The denominator is the latest one that is not newer than the rate and at most the
    registered years older, as in sql/observations/derived_parts.sql.
    """
    scopes = panel.metadata.scopes
    values: dict[tuple[object, ...], Observation] = {
        (o.indicator_id, o.city_code, o.province_code, o.year): o
        for o in panel.observations
        if o.scope == scopes.get(o.indicator_id)
    }
    for rate, numerator, denominator, multiplier, gap in panel.metadata.ratios:
        for (indicator, *place, _), observation in values.items():
            if indicator != rate:
                continue
            above = values.get((numerator, *place, observation.year))
            years = (values.get((denominator, *place, observation.year - older)) for older in range(gap + 1))
            below = next((o for o in years if o is not None and o.value != 0), None)
            if above is None or below is None:
                continue
            computed = above.value * multiplier / below.value
            size = abs(observation.value - computed) / max(abs(computed), 1e-9)
            if size > parameters["threshold"]:
                yield Anomaly(observation, size, parameters["threshold"], f"{computed:.10g}")


def detect_parts_above_whole(panel: Panel, parameters: Parameters) -> Iterator[Anomaly]:
    """Yield the parts of a whole of the same place, year and scope that exceed it together.

    The statistic is the relative excess of their sum.
    """
    whole_of = panel.metadata.whole_of
    wholes = set(whole_of.values())
    values: dict[tuple[object, ...], float] = {}
    parts: dict[tuple[object, ...], Series] = defaultdict(list)
    for o in panel.observations:
        place = o.city_code, o.province_code, o.year, o.scope
        if o.indicator_id in wholes:
            values[o.indicator_id, *place] = o.value
        if o.indicator_id in whole_of:
            parts[whole_of[o.indicator_id], *place].append(o)
    for key, members in parts.items():
        total, whole = sum(o.value for o in members), values.get(key)
        if whole is None or total <= whole * (1 + parameters["threshold"]):
            continue
        size = (total - whole) / max(abs(whole), 1e-9)
        for o in members:
            details = "" if len(members) == 1 else f"; Σ ({len(members)}) = {total:.10g}"
            yield Anomaly(o, size, parameters["threshold"], f"≤ {whole:.10g}", details)


def detect_totals_above_plans(panel: Panel, parameters: Parameters) -> Iterator[Anomaly]:
    """Yield running totals that exceed their plan: a plan that was taken for a completion looks like that.

    The plan is the lowest running plan of the same or a longer period; without one, the sum of the yearly plans, where
    at least `minimum_share` of the years have one. The statistic is the relative excess.
    """
    yearly: dict[tuple[object, ...], float] = {
        (o.indicator_id, o.city_code, o.province_code, o.scope, o.year): o.value for o in panel.observations
    }
    for since, total in panel.running_totals:
        series = (panel.metadata.plans.get(total.indicator_id), total.city_code, total.province_code, total.scope)
        years = range(since, total.year + 1)
        plans = [yearly[*series, year] for year in years if (*series, year) in yearly]
        running = [
            o.value
            for first, o in panel.running_totals
            if (o.indicator_id, o.city_code, o.province_code, o.scope) == series
            and first <= since
            and o.year >= total.year
        ]
        if not running and (not plans or len(plans) < parameters["minimum_share"] * len(years)):
            continue
        expected = min(running) if running else sum(plans)
        size = (total.value - expected) / max(expected, 1.0)
        if size > parameters["threshold"]:
            details = f" ({since}–{total.year})" + ("" if running else f"; Σ ({len(plans)}/{len(years)})")
            yield Anomaly(total, size, parameters["threshold"], f"{expected:.10g}", details)


def detect_definition_flips(panel: Panel, parameters: Parameters) -> Iterator[Anomaly]:
    """Yield returns of a stock to a level that it had left, if there are several: two definitions under one name."""
    for series in panel.series:
        if series[0].kind != "stock":
            continue
        returns = [
            i
            for i in range(2, len(series))
            if _returns(series, i, parameters) and not panel.metadata.has_break(series[i])
        ]
        if len(returns) >= parameters["threshold"]:
            for i in returns:
                yield Anomaly(series[i], float(len(returns)), parameters["threshold"], series[i - 1].year_and_value)


def _returns(series: Series, i: int, parameters: Parameters) -> bool:
    """Return whether the value leaves the level of the year before for an earlier level of the series."""
    value, before = series[i].value, series[i - 1].value
    if _relative_gap(value, before) <= parameters["minimum_step"]:
        return False
    return any(_relative_gap(value, earlier.value) <= parameters["same_level"] for earlier in series[: i - 1])


def _relative_gap(a: float, b: float) -> float:
    return abs(a - b) / max(abs(a), abs(b), 1e-12)


def detect_impossible_zeros(panel: Panel, parameters: Parameters) -> Iterator[Anomaly]:
    """Yield zeros of indicators that cannot be zero."""
    for observation in panel.observations:
        size = abs(observation.value)
        if observation.indicator_id in panel.metadata.never_zero and size <= parameters["threshold"]:
            yield Anomaly(observation, size, parameters["threshold"], "> 0")


def detect_magnitude_outliers(panel: Panel, parameters: Parameters) -> Iterator[Anomaly]:
    """Yield values several times the median of the nearest years of their series, or a fraction of it."""
    for series in panel.series:
        nearest = nearest_years(tuple(observation.year for observation in series), int(parameters["nearest_years"]))
        for observation, positions in zip(series, nearest, strict=True):
            near = [series[j].value for j in positions]
            if len(near) < parameters["minimum_years"] or min(near) <= 0 or observation.value <= 0:
                continue
            usual = median(near)
            ratio = max(observation.value / usual, usual / observation.value)
            if ratio > parameters["threshold"]:
                yield Anomaly(observation, ratio, parameters["threshold"], f"≈ {usual:.10g}")


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
