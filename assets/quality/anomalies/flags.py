"""Flags: the anomalies of all detectors, as rows of the table `quality.flags`.

Here: the detectors by name, their inputs from the database, and the rows. Not here: how a detector decides
(the modules beside this one).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from assets.core.errors import DataError, Issue
from assets.quality.anomalies import exchanged_columns, misplaced_blocks, newest_figures, outliers
from assets.quality.anomalies.observation import Anomaly, Observation, Parameters
from assets.quality.anomalies.panel import Panel, SeriesMetadata
from assets.quality.approvals import compute_flag_id
from assets.warehouse.connection import Connection
from assets.warehouse.tables import Table

# Each detector with the names of its parameters, whose values are in reference.detector_parameters.
DETECTORS: dict[str, tuple[Callable[[Panel, Parameters], Iterator[Anomaly]], set[str]]] = {
    "duplicate_value": (outliers.detect_duplicate_values, {"threshold", "minimum_cities", "minimum_digits"}),
    "definition_flip": (outliers.detect_definition_flips, {"threshold", "minimum_step", "same_level"}),
    "sequential_digits": (outliers.detect_fabricated_digits, {"threshold"}),
    "level_shift": (outliers.detect_level_shifts, {"threshold", "scale_floor", "minimum_changes"}),
    "magnitude_outlier": (outliers.detect_magnitude_outliers, {"threshold", "nearest_years", "minimum_years"}),
    "part_exceeds_whole": (outliers.detect_parts_above_whole, {"threshold"}),
    "ratio_mismatch": (outliers.detect_ratio_mismatches, {"threshold"}),
    "repeated_value": (outliers.detect_repeated_values, {"threshold"}),
    "misplaced_block": (
        misplaced_blocks.detect_misplaced_blocks,
        {
            *("threshold", "joint_threshold", "part_threshold", "margin", "minimum_share", "permutations"),
            *("minimum_cities", "nearest_years", "minimum_years"),
        },
    ),
    "exchanged_columns": (
        exchanged_columns.detect_exchanged_columns,
        {
            *("threshold", "single_threshold", "margin", "minimum_share", "maximum_distance", "permutations"),
            *("minimum_cities", "nearest_years", "minimum_years"),
        },
    ),
    "spike": (outliers.detect_spikes, {"threshold", "scale_floor", "minimum_others"}),
    "sum_mismatch": (outliers.detect_sum_mismatches, {"threshold"}),
    "impossible_zero": (outliers.detect_impossible_zeros, {"threshold"}),
    "unlikely_figure": (
        newest_figures.detect_unlikely_figures,
        {"threshold", "cities_threshold", "minimum_years", "minimum_cities", "maximum_move", "prior_points"},
    ),
    "implausible_figure": (
        newest_figures.detect_implausible_figures,
        {"threshold", "minimum_years", "minimum_cities", "maximum_move", "prior_points"},
    ),
    "total_above_plans": (outliers.detect_totals_above_plans, {"threshold", "minimum_share"}),
}

# The columns that a flag takes from its observation.
_OBSERVATION_COLUMNS = (
    *("indicator_id", "city_code", "province_code", "year", "scope", "vintage", "value"),
    *("file", "sheet", "line"),
)
# The upstream tables of the flags.
SOURCE_TABLES = (
    "observations.observation_vintages",
    "observations.running_totals",
    "quality.approvals",
    "reference.cities",
    "reference.detector_parameters",
    "reference.detectors",
    "reference.indicator_parts",
    "reference.indicator_plausibility",
    "reference.indicators",
    "reference.series_breaks",
)


def read_observations(connection: Connection) -> list[Observation]:
    """Return the current vintages; earlier vintages were examined when they were current."""
    rows = connection.execute(
        """
        select vintages.indicator_id, city_code, province_code, year, vintages.scope, vintage, value, file,
            file_sha256, sheet, line, kind, source_id
        from observations.observation_vintages as vintages
        inner join reference.indicators as indicators on vintages.indicator_id = indicators.indicator_id
        where is_current
        order by all
        """
    ).fetchall()
    return [Observation(*row) for row in rows]


def read_running_totals(connection: Connection) -> list[tuple[int, Observation]]:
    """Return the current running totals, each with its first year; they have no vintages."""
    rows = connection.execute(
        """
        select since_year, totals.indicator_id, city_code, province_code, year, totals.scope, 0 as vintage, value, file,
            file_sha256, sheet, line, kind
        from observations.running_totals as totals
        inner join reference.indicators as indicators on totals.indicator_id = indicators.indicator_id
        where is_current
        order by all
        """
    ).fetchall()
    return [(since_year, Observation(*row)) for since_year, *row in rows]


def read_series_metadata(connection: Connection) -> SeriesMetadata:
    """Return what the reference tables state about indicators, ratios and breaks."""

    def fetch(select: str) -> list[tuple[Any, ...]]:
        return connection.execute(select).fetchall()

    plausibility = "select indicator_id from reference.indicator_plausibility where"
    cities = fetch("select province_code, list(city_code) from reference.cities group by province_code")
    return SeriesMetadata(
        additive=frozenset(name for (name,) in fetch(f"{plausibility} is_additive")),
        never_zero=frozenset(name for (name,) in fetch(f"{plausibility} not can_be_zero")),
        ratios=tuple(
            fetch(
                "select indicator_id, numerator_id, denominator_id, multiplier, maximum_gap_years "
                "from reference.indicator_parts order by all"
            )
        ),
        scopes=dict(fetch("select indicator_id, scope from reference.indicators")),
        breaks=frozenset(fetch("select indicator_id, city_code, year from reference.series_breaks")),
        cities_of={province: frozenset(codes) for province, codes in cities},
        whole_of=dict(
            fetch("select indicator_id, part_of_id from reference.indicator_plausibility where part_of_id is not null")
        ),
        limits={
            name: (low, high, decimals)
            for name, low, high, decimals in fetch(
                "select indicator_id, minimum, maximum, decimals from reference.indicators"
            )
        },
        plans=dict(
            fetch("select indicator_id, plan_id from reference.indicator_plausibility where plan_id is not null")
        ),
    )


def read_parameters(connection: Connection) -> dict[str, dict[str, float]]:
    """Return the parameters of each listed detector. Raises DataError where one is missing or unknown."""
    listed = connection.execute("select detector_id from reference.detectors").fetchall()
    parameters: dict[str, dict[str, float]] = {detector: {} for (detector,) in listed}
    values = connection.execute("select detector_id, parameter, value from reference.detector_parameters").fetchall()
    for detector, name, value in values:
        parameters[detector][name] = value
    issues = [
        Issue(
            "invalid_detector_parameters",
            f"{detector}: {', '.join(sorted(values)) or '-'}",
            ", ".join(sorted(DETECTORS[detector][1])),
            "reference/detector_parameters.csv",
        )
        for detector, values in sorted(parameters.items())
        if set(values) != set(DETECTORS[detector][1])
    ]
    if issues:
        raise DataError(issues)
    return parameters


def write_flags(connection: Connection, table: Table) -> int:
    """Rebuild `quality.flags` and return the number of flags.

    A detector that reference.detectors does not list is off. An approved flag stays in the table, marked as approved.
    """
    panel = Panel(read_observations(connection), read_series_metadata(connection), read_running_totals(connection))
    parameters = read_parameters(connection)
    approved = "select flag_id, approved_by, approved_at, approved_reason from quality.approvals"
    approvals = {flag_id: decision for flag_id, *decision in connection.execute(approved).fetchall()}
    detectors = connection.execute(
        "select detector_id, severity, looks_for_zh, looks_for_en, remedy_zh, remedy_en from reference.detectors"
    ).fetchall()
    rows = [
        _row(anomaly, detector, approvals)
        for detector in sorted(detectors)
        for anomaly in DETECTORS[detector[0]][0](panel, parameters[detector[0]])
    ]
    table.load_columns(connection, {name: [row[name] for row in rows] for name in table.columns})
    return len(rows)


def _row(anomaly: Anomaly, detector: Sequence[Any], approvals: Mapping[str, Sequence[object]]) -> dict[str, Any]:
    detector_id, severity, looks_for_zh, looks_for_en, remedy_zh, remedy_en = detector
    observation, actual, expected = anomaly.observation, anomaly.value_text, anomaly.expected_text
    against_zh, against_en = (f"；对照：{expected}", f"; against: {expected}") if expected else ("", "")
    row = {"detector": detector_id, **{name: getattr(observation, name) for name in _OBSERVATION_COLUMNS}}
    flag_id = compute_flag_id(row)
    approved_by, approved_at, approved_reason = approvals.get(flag_id, (None, None, None))
    return {
        **row,
        "flag_id": flag_id,
        "severity": severity,
        "value_text": actual,
        "expected_text": expected or None,
        "statistic": anomaly.statistic,
        "threshold": anomaly.threshold,
        "explanation_zh": f"{looks_for_zh}：{actual}{against_zh}。{remedy_zh}",
        "explanation_en": f"{looks_for_en}: {actual}{against_en}. {remedy_en}",
        "is_approved": flag_id in approvals,
        "approved_by": approved_by,
        "approved_at": approved_at,
        "approved_reason": approved_reason,
    }
