"""What must hold between reference tables: for every rule, tables that keep it and tables that break it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from assets.core.errors import Issue
from assets.reference import integrity
from assets.reference.csv_tables import read_reference_table
from assets.reference.integrity import Tables, check_integrity
from assets.warehouse.tables import Table

# Columns with their types; a star marks the key, an arrow the column referred to.
COLUMNS = {
    "parameters": "method_version*",
    "provinces": "province_code* name_zh",
    "cities": "city_code* province_code>provinces.province_code name_zh short_zh",
    "aliases": "alias* city_code>cities.city_code province_code>provinces.province_code kind",
    "indicators": "indicator_id* unit direction:integer dimension_id name_zh weight:double decimals:integer",
    "baskets": "basket_id* is_headline:boolean",
    "basket_indicators": "basket_id*>baskets.basket_id indicator_id*>indicators.indicator_id weight:double",
    "measures": "measure_id*:integer",
    "indicator_measures": "indicator_id*>indicators.indicator_id measure_id*:integer>measures.measure_id",
    "goalposts": "indicator_id*>indicators.indicator_id lower:double upper:double "
    "range_low:double range_high:double tolerance:double scale",
    "targets": "target_id* indicator_id>indicators.indicator_id unit scope kind operator "
    "value:double value_high:double year:integer",
    "target_profiles": "target_id*>targets.target_id year*:integer expected_share:double",
    "target_cities": "target_id*>targets.target_id city_code*>cities.city_code",
}
AT_LEAST = "at_least,>=,5,,2030"
TOTAL = "t1,up,%,all,cumulative,>=,5,,2030"
GOOD = {
    "parameters": "1",
    "provinces": "P,全省",
    "cities": "A,P,甲市,甲\nB,P,乙市,乙",
    "aliases": "Aland,A,,short\nAll,,P,total\nAlike,,,homophone",
    "indicators": "up,%,1,d,上,1,1\ndown,%,-1,d,下,1,0\nband,km,1,e,带,0,2",
    "baskets": "core,true\nfull,false",
    "basket_indicators": "core,up,\nfull,up,\nfull,down,2",
    "measures": "1\n2",
    "indicator_measures": "up,1\ndown,2\nband,2",
    "goalposts": "up,0,100,,,,linear\ndown,100,1,,,,log\nband,,,5,10,3,linear",
    "targets": f"t1,up,%,all,{AT_LEAST}\nt2,down,%,cities,at_most,<=,5,,2030\nt3,band,km,province,range,between,5,10,",
    "target_profiles": "",
    "target_cities": "t2,A",
}

Rule = Callable[[Tables], Iterable[Issue]]


def contract(name: str) -> Table:
    columns, key = {}, []
    for said in COLUMNS[name].split():
        rest, _, references = said.partition(">")
        column, _, kind = rest.partition(":")
        if column.endswith("*"):
            key.append(column[:-1])
        said_of_it = {"type": kind or "varchar", "zh": "列", "en": "column", "references": references or None}
        columns[column.removesuffix("*")] = said_of_it
    content = {"schema_name": "reference", "name": name, "zh": "表", "en": "table", "key": key, "columns": columns}
    return Table.model_validate(content)


CONTRACTS = {name: contract(name) for name in COLUMNS}


def tables(folder: Path, **changed: str) -> Tables:
    """The good tables, with the rows of some of them replaced."""
    read = {}
    for name, rows in {**GOOD, **changed}.items():
        file = folder / f"{name}.csv"
        file.write_text(f"{','.join(CONTRACTS[name].columns)}\n{rows}\n" if rows else "", "utf-8")
        if not rows:
            file.write_text(",".join(CONTRACTS[name].columns) + "\n", "utf-8")
        read[name], issues = read_reference_table(CONTRACTS[name], file)
        assert issues == []
    return read


def test_good_tables_keep_every_rule(tmp_path: Path) -> None:
    assert check_integrity(tables(tmp_path)) == []


BROKEN: list[tuple[Rule, dict[str, str], Issue]] = [
    (
        integrity.check_unique_keys,
        {"cities": "A,P,甲市,甲\nA,P,乙市,乙"},
        Issue("duplicate_key", "A", "city_code", "reference/cities.csv", 3, "city_code"),
    ),
    (
        integrity.check_unique_keys,
        {"indicator_measures": "up,1\ndown,2\nup,2\nup,1"},
        Issue(
            "duplicate_key", "up, 1", "indicator_id, measure_id", "reference/indicator_measures.csv", 5, "indicator_id"
        ),
    ),
    (
        integrity.check_foreign_keys,
        {"cities": "A,P,甲市,甲\nB,Q,乙市,乙"},
        Issue("unknown_foreign_key", "Q", "provinces.csv province_code", "reference/cities.csv", 3, "province_code"),
    ),
    (
        integrity.check_foreign_keys,
        {"indicator_measures": "up,1\ndown,3"},
        Issue(
            "unknown_foreign_key", "3", "measures.csv measure_id", "reference/indicator_measures.csv", 3, "measure_id"
        ),
    ),
    (
        integrity.check_single_parameters_row,
        {"parameters": ""},
        Issue("method_row_count_mismatch", "0", "1", "reference/parameters.csv"),
    ),
    (
        integrity.check_single_parameters_row,
        {"parameters": "1\n2"},
        Issue("method_row_count_mismatch", "2", "1", "reference/parameters.csv"),
    ),
    *(
        (
            integrity.check_headline_basket,
            {"baskets": f"core,{core}\nfull,{full}"},
            Issue("headline_basket_count_mismatch", actual, "1", "reference/baskets.csv"),
        )
        for core, full, actual in (("true", "true", "2"), ("false", "false", "0"))
    ),
    *(
        (
            integrity.check_basket_indicators,
            changed,
            Issue(
                "basket_indicator_without_score",
                changed["basket_indicators"].split(",")[1],
                "goalposts.csv, weight > 0",
                "reference/basket_indicators.csv",
                2,
                "indicator_id",
            ),
        )
        for changed in (
            {"basket_indicators": "full,up,", "goalposts": "down,100,0,,,,linear"},
            {"basket_indicators": "full,band,"},
            {"basket_indicators": "full,up,0"},
        )
    ),
    *(
        (
            integrity.check_alias_targets,
            {"aliases": f"All,,P,total\n{row}"},
            Issue("invalid_alias_target", "Aland", "city_code, province_code", "reference/aliases.csv", 3, "alias"),
        )
        for row in ("Aland,,,short", "Aland,A,P,short", "Aland,A,,homophone")
    ),
    *(
        (
            integrity.check_alias_targets,
            {"aliases": f"All,,P,total\n{form},B,,short"},
            Issue("ambiguous_alias", form, f"{place}, B", "reference/aliases.csv", 3, "alias"),
        )
        for form, place in (
            ("甲", "A"),
            ("甲市", "A"),
            ("甲　市", "A"),
            ("a", "A"),
            ("全省", "P"),
            ("ALL", "P"),
        )
    ),
    (
        integrity.check_alias_targets,
        {"cities": "A,P,甲市,甲\nB,P,甲市,乙"},
        Issue("ambiguous_alias", "甲市", "A, B", "reference/cities.csv", 3, "name_zh"),
    ),
    (
        integrity.check_alias_targets,
        {"provinces": "P,甲市"},
        Issue("ambiguous_alias", "甲市", "A, P", "reference/provinces.csv", 2, "name_zh"),
    ),
    *(
        (
            integrity.check_goalpost_direction,
            {"goalposts": f"{indicator},{floor},{upper},,,,linear"},
            Issue(
                "invalid_goalposts_order",
                f"{indicator}: lower {floor}, upper {upper}",
                expected,
                "reference/goalposts.csv",
                2,
                "lower",
            ),
        )
        for indicator, floor, upper, expected in (
            ("up", 100.0, 0.0, "lower < upper"),
            ("up", 5.0, 5.0, "lower < upper"),
            ("down", 0.0, 100.0, "lower > upper"),
            ("down", 0.0, 0.0, "lower > upper"),
        )
    ),
    *(
        (
            integrity.check_goalpost_direction,
            {"goalposts": f"up,{numbers},linear"},
            Issue("incomplete_goalposts", "up", "", "reference/goalposts.csv", 2, "indicator_id"),
        )
        for numbers in (",,,,", "0,,,,", ",9,,,", "0,9,1,2,3", "0,9,,,3", ",,1,2,", ",,1,,3", ",,2,1,3", ",,1,2,0")
    ),
    *(
        (
            integrity.check_log_goalposts,
            {"goalposts": row},
            Issue(
                "invalid_log_goalposts",
                row.split(",")[0],
                "lower > 0, upper > 0",
                "reference/goalposts.csv",
                2,
                "indicator_id",
            ),
        )
        for row in ("up,0,100,,,,log", "down,100,-1,,,,log", "band,,,5,10,3,log")
    ),
    *(
        (
            integrity.check_decimals,
            {"goalposts": row},
            Issue("too_many_decimals", f"{name} {column} = {value}", decimals, "reference/goalposts.csv", 2, column),
        )
        for row, name, column, value, decimals in (
            ("up,0.05,100,,,,linear", "up", "lower", "0.05", "1"),
            ("down,1,0.5,,,,linear", "down", "upper", "0.5", "0"),
            ("up,0,1e-3,,,,linear", "up", "upper", "0.001", "1"),
            ("band,,,5,10.125,3,linear", "band", "range_high", "10.125", "2"),
        )
    ),
    (
        integrity.check_decimals,
        {"targets": "t1,up,%,all,at_least,>=,5.25,,2030\nt2,down,%,cities,at_most,<=,5,,2030"},
        Issue("too_many_decimals", "up value = 5.25", "1", "reference/targets.csv", 2, "value"),
    ),
    (
        integrity.check_measure_links,
        {"indicator_measures": "up,1\ndown,2"},
        Issue(
            "indicator_without_measure",
            "band",
            "reference/indicator_measures.csv",
            "reference/indicators.csv",
            4,
            "indicator_id",
        ),
    ),
    (
        integrity.check_measure_links,
        {"indicator_measures": "up,1\ndown,1\nband,1"},
        Issue(
            "measure_without_indicator",
            "2",
            "reference/indicator_measures.csv",
            "reference/measures.csv",
            3,
            "measure_id",
        ),
    ),
    (
        integrity.check_target_units,
        {"targets": f"t1,up,%,all,{AT_LEAST}\nt2,band,m,cities,{AT_LEAST}"},
        Issue("target_unit_mismatch", "m", "km", "reference/targets.csv", 3, "unit"),
    ),
    *(
        (
            integrity.check_target_scope,
            {"targets": f"t1,up,%,all,{AT_LEAST}\nt2,down,%,{scope},{AT_LEAST}", "target_cities": listed},
            Issue(
                "target_cities_mismatch",
                "t2",
                "scope = cities <-> target_cities.csv",
                "reference/targets.csv",
                3,
                "target_id",
            ),
        )
        for scope, listed in (("all", "t2,A"), ("province", "t2,A\nt2,B"), ("cities", ""))
    ),
    (
        integrity.check_single_dimension,
        {"indicators": "up,%,1,d,上,1,1\ndown,%,-1,d,下,1,0\nband,km,1,e,上,0,2"},
        Issue("indicator_in_two_dimensions", "上", "d, e", "reference/indicators.csv", 4, "name_zh"),
    ),
    (
        integrity.check_single_dimension,
        {"indicators": "up,%,1,d,上,1,1\nup,%,1,e,下,1,1\ndown,%,-1,d,左,1,1\nband,km,1,e,带,0,1"},
        Issue("indicator_in_two_dimensions", "up", "d, e", "reference/indicators.csv", 3, "indicator_id"),
    ),
    *(
        (
            integrity.check_target_operators,
            {"targets": f"t1,up,%,all,{said}\nt2,down,%,cities,at_most,<=,5,,2030"},
            Issue("invalid_target_operator", operator, allowed, "reference/targets.csv", 2, "operator"),
        )
        for said, operator, allowed in (
            ("at_least,<=,5,,", "<=", ">=, >, =, about"),
            ("at_most,>,5,,", ">", "<=, <, =, about"),
            ("range,>=,5,9,", ">=", "between"),
            ("cumulative,<,5,,", "<", ">=, >, =, about"),
            ("yes_no,<=,1,,", "<=", "=, >="),
        )
    ),
    *(
        (
            integrity.check_target_operators,
            {"targets": f"t1,up,%,all,{said}\nt2,down,%,cities,at_most,<=,5,,2030"},
            Issue(
                "invalid_target_range",
                found,
                "kind = range <-> value <= value_high",
                "reference/targets.csv",
                2,
                "value_high",
            ),
        )
        for said, found in (
            ("range,between,5,,", ""),
            ("range,between,5,4,", "4.0"),
            ("at_least,>=,5,9,", "9.0"),
        )
    ),
    *(
        (
            integrity.check_target_profiles,
            {"targets": f"{target}\nt2,down,%,cities,at_most,<=,5,,2030", "target_profiles": steps},
            Issue("invalid_target_profile", "t1", "0 ... 1", "reference/target_profiles.csv", 2, "target_id"),
        )
        for target, steps in (
            (TOTAL, "t1,2020,0\nt1,2029,1"),
            (TOTAL, "t1,2020,0.1\nt1,2030,1"),
            (TOTAL, "t1,2020,0\nt1,2030,0.9"),
            (TOTAL, "t1,2020,0\nt1,2024,0.6\nt1,2027,0.5\nt1,2030,1"),
            (f"t1,up,%,all,{AT_LEAST}", "t1,2020,0\nt1,2030,1"),
        )
    ),
]


@pytest.mark.parametrize(("rule", "changed", "issue"), BROKEN)
def test_a_rule_that_is_broken_is_told_with_its_place(
    tmp_path: Path, rule: Rule, changed: dict[str, str], issue: Issue
) -> None:
    broken = tables(tmp_path, **changed)
    assert list(rule(broken)) == [issue]
    assert issue in check_integrity(broken)


def test_every_rule_has_tables_that_break_it() -> None:
    rules = {
        name
        for name, it in vars(integrity).items()
        if callable(it) and getattr(it, "__module__", "") == integrity.__name__
    }
    assert {rule.__name__ for rule, _, _ in BROKEN} == {
        name for name in rules if not name.startswith("_") and name != "check_integrity"
    }


def test_an_empty_reference_is_no_foreign_key(tmp_path: Path) -> None:
    assert list(integrity.check_foreign_keys(tables(tmp_path, aliases="Aland,A,,short\nAll,,P,total"))) == []


def test_a_range_may_be_a_single_value(tmp_path: Path) -> None:
    assert list(integrity.check_goalpost_direction(tables(tmp_path, goalposts="band,,,5,5,3,linear"))) == []


def test_what_an_unknown_indicator_would_need_is_left_to_the_foreign_key(tmp_path: Path) -> None:
    targets = f"t2,other,m,cities,{AT_LEAST}\nt1,up,%,all,{AT_LEAST}"
    broken = tables(tmp_path, goalposts="other,9,0,,,,linear", targets=targets, basket_indicators="")
    assert [issue.code for issue in check_integrity(broken)] == ["unknown_foreign_key", "unknown_foreign_key"]


def test_two_forms_of_one_place_may_be_alike(tmp_path: Path) -> None:
    assert check_integrity(tables(tmp_path, cities="A,P,甲市,甲市\nB,P,乙市,B", aliases="甲 市,A,,short")) == []


def test_a_city_and_an_area_above_it_with_one_code_are_two_places(tmp_path: Path) -> None:
    alike = tables(
        tmp_path, cities="P,P,甲市,甲\nB,P,乙市,乙", aliases="Aland,P,,short", target_cities="t2,B", provinces="P,全省"
    )
    assert [issue.code for issue in integrity.check_alias_targets(alike)] == ["ambiguous_alias"]


@pytest.mark.parametrize("alias", ["甲\ufeff市", "ＡＬＬ", "Ａ", "al l"])
def test_forms_that_intake_reads_alike_are_alike(tmp_path: Path, alias: str) -> None:
    alike = tables(tmp_path, provinces="P,all", aliases=f"{alias},B,,short")
    assert [issue.code for issue in integrity.check_alias_targets(alike)] == ["ambiguous_alias"]


def test_a_profile_that_rises_to_its_target_is_taken(tmp_path: Path) -> None:
    steps = "t1,2030,1\nt1,2020,0\nt1,2025,0.7"
    assert list(integrity.check_target_profiles(tables(tmp_path, targets=TOTAL, target_profiles=steps))) == []
