"""The integrity rules of the reference tables: keys, foreign keys, and consistent indicators, goalposts and targets.

Here: one function a rule, which yields an issue with file, line and column for each row that breaks it. Not here: types
of cells (assets.reference.csv_tables), contracts of datasets (assets.intake.tables.contracts).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from assets.core.errors import Issue
from assets.core.text import format_number, normalise_name
from assets.reference.csv_tables import ReferenceRow, ReferenceTable

Tables = Mapping[str, ReferenceTable]


def check_integrity(tables: Tables) -> list[Issue]:
    """Return the issues of all rules, in the order of the rules."""
    rules = (
        check_unique_keys,
        check_foreign_keys,
        check_single_parameters_row,
        check_headline_basket,
        check_basket_indicators,
        check_alias_targets,
        check_goalpost_direction,
        check_log_goalposts,
        check_decimals,
        check_measure_links,
        check_target_units,
        check_target_scope,
        check_single_dimension,
        check_target_operators,
        check_target_profiles,
    )
    return [issue for rule in rules for issue in rule(tables)]


def check_unique_keys(tables: Tables) -> Iterator[Issue]:
    """A key occurs once in its table."""
    for table in tables.values():
        key = table.table.key
        keys: set[tuple[object, ...]] = set()
        for row in table.rows:
            value = tuple(row[column] for column in key)
            if value in keys:
                yield Issue("duplicate_key", ", ".join(map(str, value)), ", ".join(key), table.file, row.line, key[0])
            keys.add(value)


def check_foreign_keys(tables: Tables) -> Iterator[Issue]:
    """A reference names a row of the other table."""
    for table in tables.values():
        for name, column in table.table.columns.items():
            if column.references is None:
                continue
            target, target_column = column.references.split(".")
            known = set(tables[target].column(target_column))
            for row in table.rows:
                if row[name] is not None and row[name] not in known:
                    yield table.issue("unknown_foreign_key", row, name, f"{target}.csv {target_column}")


def check_single_parameters_row(tables: Tables) -> Iterator[Issue]:
    """The parameters of the method are one row."""
    parameters = tables["parameters"]
    if len(parameters.rows) != 1:
        yield Issue("method_row_count_mismatch", str(len(parameters.rows)), "1", parameters.file)


def check_headline_basket(tables: Tables) -> Iterator[Issue]:
    """Exactly one basket is the headline."""
    baskets = tables["baskets"]
    headlines = [row for row in baskets.rows if row["is_headline"]]
    if len(headlines) != 1:
        yield Issue("headline_basket_count_mismatch", str(len(headlines)), "1", baskets.file)


def check_basket_indicators(tables: Tables) -> Iterator[Issue]:
    """An indicator of a basket can score: it has goalposts and a weight, in the basket or its own."""
    with_goalposts = set(tables["goalposts"].column("indicator_id"))
    weights = tables["indicators"].mapping("indicator_id", "weight")
    members = tables["basket_indicators"]
    for row in members.rows:
        if row["indicator_id"] not in with_goalposts or not weights.get(row["indicator_id"], 1) or row["weight"] == 0:
            yield members.issue("basket_indicator_without_score", row, "indicator_id", "goalposts.csv, weight > 0")


def check_alias_targets(tables: Tables) -> Iterator[Issue]:
    """An alias names one city or one area above it, a homophone neither; and no two places have one written form."""
    aliases = tables["aliases"]
    for row in aliases.rows:
        named_places = sum(row[column] is not None for column in ("city_code", "province_code"))
        if named_places != (0 if row["kind"] == "homophone" else 1):
            yield aliases.issue("invalid_alias_target", row, "alias", "city_code, province_code")
    places: dict[str, tuple[str, str]] = {}
    for table, row, column, place in _written_forms(tables):
        first = places.setdefault(normalise_name(str(row[column])), place)
        if first != place:
            yield table.issue("ambiguous_alias", row, column, f"{first[1]}, {place[1]}")


def _written_forms(tables: Tables) -> Iterator[tuple[ReferenceTable, ReferenceRow, str, tuple[str, str]]]:
    cities, provinces, aliases = tables["cities"], tables["provinces"], tables["aliases"]
    for row in cities.rows:
        for column in ("city_code", "name_zh", "short_zh"):
            yield cities, row, column, ("city", str(row["city_code"]))
    for row in provinces.rows:
        for column in ("province_code", "name_zh"):
            yield provinces, row, column, ("province", str(row["province_code"]))
    for row in aliases.rows:
        city, province = row["city_code"], row["province_code"]
        kind = "city" if city is not None else "province" if province is not None else "homophone"
        yield aliases, row, "alias", (kind, str(city or province or kind))


def check_goalpost_direction(tables: Tables) -> Iterator[Issue]:
    """Lower is below upper where higher is better, else above it; a range is low below high, with a tolerance."""
    directions = tables["indicators"].mapping("indicator_id", "direction")
    goalposts = tables["goalposts"]
    for row in goalposts.rows:
        linear = (row["lower"], row["upper"])
        band = (row["range_low"], row["range_high"], row["tolerance"])
        if None not in linear and band == (None, None, None):
            direction = directions.get(row["indicator_id"])
            if direction is not None and (float(linear[1] or 0) - float(linear[0] or 0)) * float(direction) <= 0:
                yield Issue(
                    "invalid_goalposts_order",
                    f"{row['indicator_id']}: lower {linear[0]}, upper {linear[1]}",
                    "lower < upper" if direction == 1 else "lower > upper",
                    goalposts.file,
                    row.line,
                    "lower",
                )
        elif linear != (None, None) or None in band or not _is_ascending(band[0], band[1]) or not band[2]:
            yield goalposts.issue("incomplete_goalposts", row, "indicator_id", "")


def _is_ascending(low: object, high: object) -> bool:
    return isinstance(low, int | float) and isinstance(high, int | float) and low <= high


def check_log_goalposts(tables: Tables) -> Iterator[Issue]:
    """A logarithmic scale has two goalposts above zero."""
    goalposts = tables["goalposts"]
    for row in goalposts.rows:
        ends = (row["lower"], row["upper"])
        if row["scale"] == "log" and not all(isinstance(end, int | float) and end > 0 for end in ends):
            yield goalposts.issue("invalid_log_goalposts", row, "indicator_id", "lower > 0, upper > 0")


def check_decimals(tables: Tables) -> Iterator[Issue]:
    """Goalposts and targets have no more decimals than their indicator, whose figures are rounded to them."""
    decimals = tables["indicators"].mapping("indicator_id", "decimals")
    for name, columns in (
        ("goalposts", ("lower", "upper", "range_low", "range_high", "tolerance")),
        ("targets", ("value", "value_high")),
    ):
        table = tables[name]
        for row in table.rows:
            allowed = decimals.get(row["indicator_id"])
            for column in columns:
                value = row[column]
                if isinstance(allowed, int) and isinstance(value, float) and value != round(value, allowed):
                    actual = f"{row['indicator_id']} {column} = {format_number(value)}"
                    yield Issue("too_many_decimals", actual, str(allowed), table.file, row.line, column)


def check_measure_links(tables: Tables) -> Iterator[Issue]:
    """Each indicator belongs to a measure, and each measure has an indicator."""
    links = tables["indicator_measures"]
    for table, column, code in (
        (tables["indicators"], "indicator_id", "indicator_without_measure"),
        (tables["measures"], "measure_id", "measure_without_indicator"),
    ):
        linked = set(links.column(column))
        yield from (table.issue(code, row, column, links.file) for row in table.rows if row[column] not in linked)


def check_target_units(tables: Tables) -> Iterator[Issue]:
    """A target has the unit of its indicator."""
    units = tables["indicators"].mapping("indicator_id", "unit")
    for row in tables["targets"].rows:
        unit = units.get(row["indicator_id"])
        if unit is not None and row["unit"] != unit:
            yield tables["targets"].issue("target_unit_mismatch", row, "unit", str(unit))


def check_target_scope(tables: Tables) -> Iterator[Issue]:
    """A target for some cities names them; one for all, or for the province, names none."""
    listed = set(tables["target_cities"].column("target_id"))
    for row in tables["targets"].rows:
        if (row["scope"] == "cities") != (row["target_id"] in listed):
            expected = "scope = cities <-> target_cities.csv"
            yield tables["targets"].issue("target_cities_mismatch", row, "target_id", expected)


def check_single_dimension(tables: Tables) -> Iterator[Issue]:
    """One indicator, by its code or by its name, counts in one dimension only."""
    indicators = tables["indicators"]
    for column in ("indicator_id", "name_zh"):
        dimensions: dict[object, object] = {}
        for row in indicators.rows:
            first, dimension = dimensions.setdefault(row[column], row["dimension_id"]), row["dimension_id"]
            if first != dimension:
                yield indicators.issue("indicator_in_two_dimensions", row, column, f"{first}, {dimension}")


_OPERATORS = {"range": ("between",), "at_most": ("<=", "<", "=", "about"), "yes_no": ("=", ">=")}


def check_target_operators(tables: Tables) -> Iterator[Issue]:
    """A range has two ends in order and the operator `between`; other targets have one value and a comparison."""
    targets = tables["targets"]
    for row in targets.rows:
        allowed = _OPERATORS.get(str(row["kind"]), (">=", ">", "=", "about"))
        if row["operator"] not in allowed:
            yield targets.issue("invalid_target_operator", row, "operator", ", ".join(allowed))
        high = row["value_high"]
        is_range = row["kind"] == "range"
        if is_range != (high is not None) or (is_range and not _is_ascending(row["value"], high)):
            yield targets.issue("invalid_target_range", row, "value_high", "kind = range <-> value <= value_high")


def check_target_profiles(tables: Tables) -> Iterator[Issue]:
    """A profile belongs to a cumulative target, starts at 0, never falls, and is 1 in the year of the target."""
    cumulative: dict[object, object] = {
        row["target_id"]: row["year"] for row in tables["targets"].rows if row["kind"] == "cumulative"
    }
    profiles = tables["target_profiles"]
    steps: dict[object, list[ReferenceRow]] = {}
    for row in profiles.rows:
        steps.setdefault(row["target_id"], []).append(row)
    for target, rows in steps.items():
        ordered = sorted(rows, key=lambda row: float(row["year"] or 0))
        shares = [float(row["expected_share"] or 0) for row in ordered]
        ends_with_it = target in cumulative and ordered[-1]["year"] == cumulative[target]
        if not ends_with_it or shares != sorted(shares) or (shares[0], shares[-1]) != (0, 1):
            yield profiles.issue("invalid_target_profile", rows[0], "target_id", "0 ... 1")
