"""What must hold between reference tables: keys, foreign keys, and the sense of the registry.

Here: one function a rule, each returning its findings with file, line and column. Not here: types of cells
(assets.reference.csv_tables), contracts of datasets (assets.intake.tables.contracts).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from assets.core.errors import Issue
from assets.core.text import normalise_name
from assets.reference.csv_tables import ReferenceRow, ReferenceTable

Tables = Mapping[str, ReferenceTable]


def check_integrity(tables: Tables) -> list[Issue]:
    """Every fault between the tables, in the order of the rules below."""
    rules = (
        check_unique_keys,
        check_foreign_keys,
        check_single_parameters_row,
        check_alias_targets,
        check_goalpost_direction,
        check_measure_links,
        check_target_units,
        check_target_scope,
        check_single_dimension,
        check_target_operators,
        check_target_profiles,
    )
    return [issue for rule in rules for issue in rule(tables)]


def check_unique_keys(tables: Tables) -> Iterator[Issue]:
    for table in tables.values():
        key = table.table.key
        seen: set[tuple[object, ...]] = set()
        for row in table.rows:
            value = tuple(row.values[column] for column in key)
            if value in seen:
                text = ", ".join(str(part) for part in value)
                yield Issue("key_doubled", text, ", ".join(key), table.file, row.line, key[0])
            seen.add(value)


def check_foreign_keys(tables: Tables) -> Iterator[Issue]:
    for table in tables.values():
        for name, column in table.table.columns.items():
            if column.references is None:
                continue
            target, target_column = column.references.split(".")
            known = set(tables[target].column(target_column))
            for row in table.rows:
                if row.values[name] is not None and row.values[name] not in known:
                    yield table.issue("foreign_key", row, name, f"{target}.csv {target_column}")


def check_single_parameters_row(tables: Tables) -> Iterator[Issue]:
    method = tables["method"]
    if len(method.rows) != 1:
        yield Issue("method_rows", str(len(method.rows)), "1", method.file)


def check_alias_targets(tables: Tables) -> Iterator[Issue]:
    """An alias names one city or one area above it, a homophone none; and no two places are ever written alike."""
    aliases = tables["aliases"]
    for row in aliases.rows:
        named_places = sum(row.values[column] is not None for column in ("city_code", "province_code"))
        if named_places != (0 if row.values["kind"] == "homophone" else 1):
            yield aliases.issue("alias_target", row, "alias", "city_code, province_code")
    named: dict[str, tuple[str, str]] = {}
    for table, row, column, place in _written_forms(tables):
        form = normalise_name(str(row.values[column]))
        if named.setdefault(form, place) != place:
            yield table.issue("alias_ambiguous", row, column, f"{named[form][1]}, {place[1]}")


def _written_forms(tables: Tables) -> Iterator[tuple[ReferenceTable, ReferenceRow, str, tuple[str, str]]]:
    cities, provinces, aliases = tables["cities"], tables["provinces"], tables["aliases"]
    for row in cities.rows:
        for column in ("city_code", "name_zh", "short_zh"):
            yield cities, row, column, ("city", str(row.values["city_code"]))
    for row in provinces.rows:
        for column in ("province_code", "name_zh"):
            yield provinces, row, column, ("province", str(row.values["province_code"]))
    for row in aliases.rows:
        city, province = row.values["city_code"], row.values["province_code"]
        kind = "city" if city is not None else "province" if province is not None else "homophone"
        yield aliases, row, "alias", (kind, str(city or province or kind))


def check_goalpost_direction(tables: Tables) -> Iterator[Issue]:
    """Higher is better: floor below upper; lower is better: above it; a range: low below high, with a width."""
    directions = {row.values["indicator_id"]: row.values["direction"] for row in tables["indicators"].rows}
    goalposts = tables["goalposts"]
    for row in goalposts.rows:
        linear = (row.values["floor"], row.values["upper"])
        band = (row.values["range_low"], row.values["range_high"], row.values["width"])
        if None not in linear and band == (None, None, None):
            direction = directions.get(row.values["indicator_id"])
            if direction is not None and (float(linear[1] or 0) - float(linear[0] or 0)) * float(direction) <= 0:
                yield Issue(
                    "goalposts_order",
                    f"{row.values['indicator_id']}: floor {linear[0]}, upper {linear[1]}",
                    "floor < upper" if direction == 1 else "floor > upper",
                    goalposts.file,
                    row.line,
                    "floor",
                )
        elif linear != (None, None) or None in band or not _ascending(band[0], band[1]) or not band[2]:
            yield goalposts.issue("goalposts_incomplete", row, "indicator_id", "")


def _ascending(low: object, high: object) -> bool:
    return isinstance(low, int | float) and isinstance(high, int | float) and low <= high


def check_measure_links(tables: Tables) -> Iterator[Issue]:
    links = tables["indicator_measures"]
    linked_indicators, linked_measures = set(links.column("indicator_id")), set(links.column("measure_id"))
    for row in tables["indicators"].rows:
        if row.values["indicator_id"] not in linked_indicators:
            yield tables["indicators"].issue("indicator_without_measure", row, "indicator_id", links.file)
    for row in tables["measures"].rows:
        if row.values["measure_id"] not in linked_measures:
            yield tables["measures"].issue("measure_without_indicator", row, "measure_id", links.file)


def check_target_units(tables: Tables) -> Iterator[Issue]:
    units = {row.values["indicator_id"]: row.values["unit"] for row in tables["indicators"].rows}
    for row in tables["targets"].rows:
        unit = units.get(row.values["indicator_id"])
        if unit is not None and row.values["unit"] != unit:
            yield tables["targets"].issue("indicator_unit", row, "unit", str(unit))


def check_target_scope(tables: Tables) -> Iterator[Issue]:
    """A target for some cities names them; one for all, or for the province, names none."""
    named = Counter(tables["target_cities"].column("target_id"))
    for row in tables["targets"].rows:
        listed = named[row.values["target_id"]] > 0
        if (row.values["scope"] == "cities") != listed:
            expected = "scope = cities <-> target_cities.csv"
            yield tables["targets"].issue("target_cities", row, "target_id", expected)


def check_single_dimension(tables: Tables) -> Iterator[Issue]:
    """One indicator, by its code or by its name, counts in one dimension only."""
    indicators = tables["indicators"]
    for column in ("indicator_id", "name_zh"):
        seen: dict[object, object] = {}
        for row in indicators.rows:
            dimension = row.values["dimension_id"]
            if seen.setdefault(row.values[column], dimension) != dimension:
                yield indicators.issue(
                    "indicator_in_two_dimensions", row, column, f"{seen[row.values[column]]}, {dimension}"
                )


_OPERATORS = {
    "range": ("between",),
    "at_most": ("<=", "<", "=", "about"),
    "yes_no": ("=", ">="),
}


def check_target_operators(tables: Tables) -> Iterator[Issue]:
    """A range has two ends in order and says `between`; the others have one value and say which side counts."""
    targets = tables["targets"]
    for row in targets.rows:
        allowed = _OPERATORS.get(str(row.values["kind"]), (">=", ">", "=", "about"))
        if row.values["operator"] not in allowed:
            yield targets.issue("target_operator", row, "operator", ", ".join(allowed))
        high = row.values["value_high"]
        is_range = row.values["kind"] == "range"
        if is_range != (high is not None) or (is_range and not _ascending(row.values["value"], high)):
            yield targets.issue("target_range", row, "value_high", "kind = range <-> value <= value_high")


def check_target_profiles(tables: Tables) -> Iterator[Issue]:
    """A profile belongs to a cumulative target, starts at 0, never falls, and is 1 in the year of the target."""
    cumulative: dict[object, object] = {
        row.values["target_id"]: row.values["year"]
        for row in tables["targets"].rows
        if row.values["kind"] == "cumulative"
    }
    profiles = tables["target_profiles"]
    steps: dict[object, list[ReferenceRow]] = {}
    for row in profiles.rows:
        steps.setdefault(row.values["target_id"], []).append(row)
    for target, rows in steps.items():
        ordered = sorted(rows, key=lambda row: float(row.values["year"] or 0))
        shares = [float(row.values["expected_share"] or 0) for row in ordered]
        ends_with_it = target in cumulative and ordered[-1].values["year"] == cumulative[target]
        if not ends_with_it or shares != sorted(shares) or (shares[0], shares[-1]) != (0, 1):
            yield profiles.issue("profile_shape", rows[0], "target_id", "0 ... 1")
