"""Flags: what the detectors object to, as rows of the table `quality.flags`.

Here: the detectors by name, what they are told by the registry, and the rows that they lead to. Not here: how a
detector decides (assets.quality.anomalies.outliers, assets.quality.anomalies.row_shift).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from assets.core.errors import DataError, Issue
from assets.quality.anomalies import outliers, row_shift
from assets.quality.anomalies.outliers import Anomaly, Observation, Parameters, SeriesMetadata
from assets.quality.approvals import compute_flag_id
from assets.warehouse.connection import Connection
from assets.warehouse.tables import Table

Detector = Callable[[Sequence[Observation], SeriesMetadata, Parameters], Iterator[Anomaly]]

DETECTORS: dict[str, Detector] = {
    "copy": outliers.copies,
    "flip": outliers.detect_definition_flips,
    "invented": outliers.detect_fabricated_digits,
    "jump": outliers.detect_level_shifts,
    "magnitude": outliers.magnitudes,
    "parts": outliers.parts,
    "repeat": outliers.repeats,
    "shifted_block": row_shift.detect_row_shift,
    "spike": outliers.detect_spikes,
    "total": outliers.totals,
    "zero": outliers.zeros,
}

# Every parameter that a detector needs; the registry gives the values.
NEEDED: dict[str, tuple[str, ...]] = {
    "copy": ("threshold", "minimum_cities", "minimum_digits"),
    "flip": ("threshold", "minimum_step", "same_level"),
    "invented": ("threshold",),
    "jump": ("threshold", "scale_floor", "minimum_changes"),
    "magnitude": ("threshold", "nearest_years", "minimum_years"),
    "parts": ("threshold",),
    "repeat": ("threshold",),
    "shifted_block": (
        "threshold",
        "sibling_threshold",
        "minimum_share",
        "minimum_cities",
        "nearest_years",
        "minimum_years",
    ),
    "spike": ("threshold", "scale_floor", "minimum_others"),
    "total": ("threshold",),
    "zero": ("threshold",),
}

# The tables that the flags are made of.
SOURCE_TABLES = (
    "observations.vintages",
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
    """The current vintages: history is not judged again."""
    rows = connection.execute(
        """
        select vintages.indicator_id, city_code, province_code, year, vintages.scope, vintage, value, file,
            file_sha256, sheet, line, kind
        from observations.vintages as vintages
        inner join reference.indicators as indicators on vintages.indicator_id = indicators.indicator_id
        where is_current
        order by all
        """
    ).fetchall()
    return [Observation(*row) for row in rows]


def read_series_metadata(connection: Connection) -> SeriesMetadata:
    """What the registry says of indicators, parts and breaks."""
    said = connection.execute(
        "select indicator_id, is_additive, can_be_zero from reference.indicator_plausibility"
    ).fetchall()
    cities: dict[str, set[str]] = defaultdict(set)
    for province, city in connection.execute("select province_code, city_code from reference.cities").fetchall():
        cities[province].add(city)
    rates = connection.execute(
        "select indicator_id, numerator_id, denominator_id, multiplier from reference.indicator_parts order by all"
    ).fetchall()
    breaks = connection.execute("select indicator_id, city_code, year from reference.series_breaks").fetchall()
    return SeriesMetadata(
        additive=frozenset(row[0] for row in said if row[1]),
        never_zero=frozenset(row[0] for row in said if not row[2]),
        parts=tuple((str(rate), str(above), str(below), float(times)) for rate, above, below, times in rates),
        breaks=frozenset((str(indicator), city, int(year)) for indicator, city, year in breaks),
        cities_of={province: frozenset(codes) for province, codes in cities.items()},
    )


def read_parameters(connection: Connection) -> dict[str, dict[str, float]]:
    """The parameters of every registered detector. Raises Stopped where one has too few or too many."""
    listed: dict[str, dict[str, float]] = {
        row[0]: {} for row in connection.execute("select detector_id from reference.detectors").fetchall()
    }
    for detector, name, value in connection.execute(
        "select detector_id, parameter, value from reference.detector_parameters"
    ).fetchall():
        listed[detector][name] = value
    issues = [
        Issue(
            "detector_parameters",
            f"{detector}: {', '.join(sorted(given)) or '-'}",
            ", ".join(sorted(NEEDED[detector])),
            "reference/detector_parameters.csv",
        )
        for detector, given in sorted(listed.items())
        if set(given) != set(NEEDED[detector])
    ]
    if issues:
        raise DataError(issues)
    return listed


def read_approvals(connection: Connection) -> dict[str, tuple[object, ...]]:
    """Who let a flag pass, when and why, by flag."""
    rows = connection.execute(
        "select flag_id, approved_by, approved_at, approved_reason from quality.approvals"
    ).fetchall()
    return {str(row[0]): tuple(row[1:]) for row in rows}


def write_flags(connection: Connection, table: Table) -> int:
    """Make the table `quality.flags` anew; returns how many flags there are.

    A detector that the registry does not list is off. A flag that a person approved stays a flag, and says so.
    """
    figures, known = read_observations(connection), read_series_metadata(connection)
    parameters, approvals = read_parameters(connection), read_approvals(connection)
    registered = connection.execute(
        "select detector_id, severity, looks_for_zh, looks_for_en, remedy_zh, remedy_en from reference.detectors"
    ).fetchall()
    rows = [
        _row(suspicion, entry, approvals)
        for entry in sorted(registered)
        for suspicion in DETECTORS[entry[0]](figures, known, parameters[entry[0]])
    ]
    table.load_columns(connection, {name: [row[name] for row in rows] for name in table.columns})
    return len(rows)


def _row(suspicion: Anomaly, entry: Sequence[Any], approvals: Mapping[str, tuple[object, ...]]) -> dict[str, Any]:
    detector, severity, looks_for_zh, looks_for_en, remedy_zh, remedy_en = entry
    figure, found, expected = suspicion.figure, suspicion.found, suspicion.expected
    against_zh, against_en = (f"；对照：{expected}", f"; against: {expected}") if expected else ("", "")
    identity = {
        "detector": detector,
        "indicator_id": figure.indicator_id,
        "city_code": figure.city_code,
        "province_code": figure.province_code,
        "year": figure.year,
        "scope": figure.scope,
        "value": figure.value,
    }
    name = compute_flag_id(identity)
    approved_by, approved_at, approved_reason = approvals.get(name, (None, None, None))
    return {
        **identity,
        "flag_id": name,
        "vintage": figure.vintage,
        "severity": severity,
        "found": found,
        "expected": expected or None,
        "statistic": suspicion.statistic,
        "threshold": suspicion.threshold,
        "explanation_zh": f"{looks_for_zh}：{found}{against_zh}。{remedy_zh}",
        "explanation_en": f"{looks_for_en}: {found}{against_en}. {remedy_en}",
        "file": figure.file,
        "sheet": figure.sheet,
        "line": figure.line,
        "is_approved": name in approvals,
        "approved_by": approved_by,
        "approved_at": approved_at,
        "approved_reason": approved_reason,
    }
