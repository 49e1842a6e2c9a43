"""Validation of rows: each is accepted or rejected, and every error has line, column, reason and remedy."""

from __future__ import annotations

import dataclasses
import datetime
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.intake.readers.encoding import FileRejectedError
from assets.intake.tables.contracts import Contract
from assets.intake.values.lookups import Lookups
from assets.intake.values.places import Places
from tests.unit.conftest import ParseFile

HEADER = "city,date,kind,posts,share,is_local,source_id,source_grade\n"
GOOD = "甲市,2026-02-05,big,12,3.5,是,book,A\n"


def test_a_good_row_is_accepted_with_its_types(fairs: Contract, parse_file: ParseFile) -> None:
    parsed = parse_file(fairs, HEADER + GOOD)
    (row,) = parsed.accepted
    assert row == {
        "sheet": None,
        "line": 2,
        "city_code": "1",
        "province_code": None,
        "date": datetime.date(2026, 2, 5),
        "kind": "big",
        "posts": 12.0,
        "posts_qualifier": None,
        "share": 3.5,
        "is_local": True,
        "source_id": "book",
        "source_grade": "A",
        "gap_reasons": None,
        "source_text": None,
        "other_cells": None,
        "return_id": None,
    }


@pytest.mark.parametrize(
    ("row", "column", "code", "actual", "expected"),
    [
        ("丙市,2026-02-05,big,12,3.5,是,book,A", "city", "unknown_place", "丙市", ""),
        (",2026-02-05,big,12,3.5,是,book,A", "city", "missing_value", "", "列city"),
        ("甲市,,big,12,3.5,是,book,A", "date", "missing_value", "", "列date"),
        ("甲市,11月2日,big,12,3.5,是,book,A", "date", "invalid_date", "11月2日", "2026-02-05"),
        ("甲市,2026-02-30,big,12,3.5,是,book,A", "date", "invalid_date", "2026-02-30", "2026-02-05"),
        ("甲市,2026-02-05,huge,12,3.5,是,book,A", "kind", "value_not_allowed", "huge", "big、small"),
        ("甲市,2026-02-05,big,many,3.5,是,book,A", "posts", "invalid_number", "many", "1234"),
        ("甲市,2026-02-05,big,1O.5,3.5,是,book,A", "posts", "invalid_number", "1O.5", "1234"),
        ("甲市,2026-02-05,big,1.5,3.5,是,book,A", "posts", "integer_expected", "1.5", ""),
        ("甲市,2026-02-05,big,-1,3.5,是,book,A", "posts", "number_below_minimum", "-1", "0"),
        ("甲市,2026-02-05,big,12,100.1,是,book,A", "share", "number_above_maximum", "100.1", "100"),
        ("甲市,2026-02-05,big,12,80余,是,book,A", "share", "approximate_number", "80余", "1234.5"),
        ("甲市,2026-02-05,big,12公里,3.5,是,book,A", "posts", "incompatible_unit", "12公里", "个"),
        ("甲市,2026-02-05,big,1O,3.5,是,book,A", "posts", "invalid_number", "1O", "1234"),
        ("甲市,2026-02-05,big,12,1:8,是,book,A", "share", "invalid_number", "1:8", "1234.5"),
        ("甲市,2026-02-05,big,12,3.5,是,book,??", "source_grade", "text_damaged", "??", ""),
        ("beta,2026-02-05,big,12,3.5,是,book,A", "city", "ambiguous_place", "beta", ""),
        ("甲东县,2026-02-05,big,12,3.5,是,book,A", "city", "county_not_city", "甲东县", "1"),
        ("甲市,2026-02-05,big,12,inf,是,book,A", "share", "invalid_number", "inf", "1234.5"),
        ("甲市,2026-02-05,big,12,3.5,maybe,book,A", "is_local", "invalid_boolean", "maybe", "是 / 否"),
        ("甲市,2026-02-05,big,12,3.5,是,hearsay,A", "source_id", "unknown_reference", "hearsay", "sources.source_id"),
        ("甲市,2026-02-05,big,12,3.5,是,book,C", "source_grade", "value_not_allowed", "C", "A、B"),
        ("甲市,2026-02-05,big", None, "cell_count_mismatch", "3", "8"),
        (GOOD.strip() + ",extra", None, "cell_count_mismatch", "9", "8"),
    ],
)
def test_a_bad_cell_rejects_its_row_and_no_other(
    fairs: Contract, parse_file: ParseFile, row: str, column: str | None, code: str, actual: str, expected: str
) -> None:
    parsed = parse_file(fairs, HEADER + GOOD + row + "\n" + "乙市,2026-02-06,small,5,,否,book,B\n")
    assert parsed.errors == [(3, column, code, actual)]
    (reject,) = parsed.rejects
    assert reject["expected"] == expected
    assert reject["raw_row"] == row
    assert all(reject[name] for name in ("reason_zh", "reason_en", "remedy_zh", "remedy_en"))
    assert [accepted["line"] for accepted in parsed.accepted] == [2, 4]


def test_every_fault_of_a_row_is_reported(fairs: Contract, parse_file: ParseFile) -> None:
    parsed = parse_file(fairs, HEADER + "丙市,soon,big,-1,3.5,是,book,A\n")
    assert [(row["column_name"], row["error_number"]) for row in parsed.rejects] == [
        ("city", 1),
        ("date", 2),
        ("posts", 3),
    ]
    assert parsed.result.counts["rows_rejected"] == 1


def test_an_unbalanced_quote_rejects_its_row(fairs: Contract, parse_file: ParseFile) -> None:
    parsed = parse_file(fairs, HEADER + '甲市,2026-02-05,"big,12,3.5,是,book,A\n' + GOOD)
    assert parsed.errors == [(2, None, "malformed_row", '"big,12,3.5,是,book,A')]
    assert [row["line"] for row in parsed.accepted] == [3]


def test_quotes_inside_a_cell_are_part_of_it(fairs: Contract, parse_file: ParseFile) -> None:
    parsed = parse_file(fairs, HEADER + '甲市,2026-02-05,"b"ig,12,3.5,是,book,A\n' + GOOD)
    assert parsed.errors == [(2, "kind", "value_not_allowed", '"b"ig')]


def test_an_exact_repeat_keeps_the_first_row(fairs: Contract, parse_file: ParseFile) -> None:
    parsed = parse_file(fairs, HEADER + GOOD + GOOD + GOOD)
    assert [row["line"] for row in parsed.accepted] == [2]
    assert parsed.errors == [(3, "city", "duplicate_row", "2"), (4, "city", "duplicate_row", "2")]


def test_of_rows_with_one_key_and_other_values_none_is_taken(fairs: Contract, parse_file: ParseFile) -> None:
    parsed = parse_file(fairs, HEADER + GOOD + "alpha,2026/2/5,big,13,3.5,是,book,A\n")
    assert parsed.accepted == []
    assert parsed.errors == [(2, "city", "key_conflict", "3"), (3, "city", "key_conflict", "2")]


def test_a_broken_row_does_not_make_its_twin_a_conflict(fairs: Contract, parse_file: ParseFile) -> None:
    parsed = parse_file(fairs, HEADER + GOOD + "甲市,2026-02-05,big,-1,3.5,是,book,A\n")
    assert [row["line"] for row in parsed.accepted] == [2]
    assert [code for _, _, code, _ in parsed.errors] == ["number_below_minimum"]


def test_a_total_is_set_aside(fairs: Contract, parse_file: ParseFile) -> None:
    parsed = parse_file(fairs, HEADER + GOOD + "全省,2026-02-05,big,99,,是,book,A\n")
    assert (
        parsed.result.counts["rows_accepted"],
        parsed.result.counts["rows_aggregate"],
        parsed.result.counts["rows_rejected"],
    ) == (1, 1, 0)
    assert [(row["city_code"], row["province_code"]) for row in parsed.accepted] == [("1", None), (None, "9")]


@pytest.mark.parametrize(
    ("sent", "value", "qualifier"),
    [
        ("80余家", 80, "at_least"),
        ("500多个", 500, "at_least"),
        ("近1000", 1000, "about"),
        ("近千名", None, None),
        ("超50", 50, "at_least"),
        ("约3,000", 3000, "about"),
        ("约3万", 30_000, "about"),
        ("不足12", 12, "under"),
        ("20以上", 20, "at_least"),
    ],
)
def test_an_approximate_number_keeps_its_qualifier(
    fairs: Contract, parse_file: ParseFile, sent: str, value: int | None, qualifier: str | None
) -> None:
    parsed = parse_file(fairs, HEADER + f'甲市,2026-02-05,big,"{sent}",,是,book,A\n')
    if value is None:  # people are no posts
        assert parsed.errors == [(2, "posts", "incompatible_unit", sent)]
    else:
        assert [(row["posts"], row["posts_qualifier"]) for row in parsed.accepted] == [(value, qualifier)]


def test_a_number_with_a_unit_is_not_read_where_no_unit_is_known(fairs: Contract, parse_file: ParseFile) -> None:
    parsed = parse_file(fairs, HEADER + "甲市,2026-02-05,big,80,3家,是,book,A\n")
    assert parsed.errors == [(2, "share", "invalid_number", "3家")]


def test_columns_may_come_in_any_order_and_optional_ones_may_be_missing(fairs: Contract, parse_file: ParseFile) -> None:
    parsed = parse_file(fairs, "source_grade,source_id,date,城市\nA,book,20260205,乙市\n")
    (row,) = parsed.accepted
    assert (row["city_code"], row["posts"], row["is_local"]) == ("2", None, None)


@pytest.mark.parametrize(
    "text",
    ["=cmd|' /C calc'!A0", "'; drop table typed; --", "<script>alert(1)</script>", "a\x01b", "{found}{expected}", '"'],
)
def test_hostile_text_is_data(fairs: Contract, parse_file: ParseFile, text: str) -> None:
    cell = text.replace('"', '""')
    parsed = parse_file(fairs, HEADER + f'"{cell}",2026-02-05,big,12,3.5,是,book,A\n' + GOOD)
    assert [row["line"] for row in parsed.accepted] == [3]
    (reject,) = parsed.rejects
    assert (reject["code"], reject["actual"]) == ("unknown_place", text)


def test_a_file_with_a_nul_byte_is_no_text(fairs: Contract, parse_file: ParseFile) -> None:
    with pytest.raises(FileRejectedError) as refused:
        parse_file(fairs, HEADER + GOOD + "a\x00b,2026-02-05,big,12,3.5,是,book,A\n")
    assert [(issue.code, issue.line) for issue in refused.value.issues] == [("file_has_nul", 3)]


@pytest.mark.parametrize("text", ["南??", "南？？", "\ufffd昌", "a\ue123", "a\x07b"])
def test_text_with_lost_characters_is_damaged(fairs: Contract, parse_file: ParseFile, text: str) -> None:
    free = fairs.model_copy(
        update={"columns": {**fairs.columns, "kind": fairs.columns["kind"].model_copy(update={"allowed": None})}}
    )
    for contract in (fairs, free):
        parsed = parse_file(contract, HEADER + GOOD + f"乙市,2026-02-05,{text},12,3.5,是,book,A\n")
        assert [row["line"] for row in parsed.accepted] == [2]
        assert parsed.errors == [(3, "kind", "text_damaged", text)]


def test_columns_that_the_contract_does_not_know_are_kept_aside_where_it_says_so(
    fairs: Contract, parse_file: ParseFile
) -> None:
    lenient = fairs.model_copy(update={"on_unknown_column": "keep"})
    parsed = parse_file(lenient, 'city,天气,date,source_id,source_grade,天气\n甲市,晴,2026-02-05,book,A,"小""雨"\n')
    (row,) = parsed.accepted
    assert json.loads(row["other_cells"]) == {"天气": "晴", "天气 (6)": '小"雨'}
    assert [(note.kind, note.text) for note in parsed.result.notes] == [("unknown_column_kept", "天气")] * 2


def test_a_cell_below_no_header_rejects_its_row(fairs: Contract, parse_file: ParseFile) -> None:
    rows = GOOD.replace("\n", ",\n") + "乙市,2026-02-05,big,12,3.5,是,book,A,9\n"
    parsed = parse_file(fairs, HEADER.replace("\n", ",\n") + rows)
    assert [row["line"] for row in parsed.accepted] == [2]
    assert parsed.errors == [(3, None, "cell_without_header", "9")]


def test_a_returned_row_names_the_row_that_it_corrects(fairs: Contract, parse_file: ParseFile) -> None:
    header = "退回编号,退回原因,处理办法,city,date,source_id,source_grade\n"
    rows = ("0123456789ab,x,y,甲市,2026-02-05,book,A\n", "mine,x,y,乙市,2026-02-05,book,A\n")
    parsed = parse_file(fairs, header + "".join(rows))
    assert [(row["city_code"], row["return_id"], row["other_cells"]) for row in parsed.accepted] == [
        ("1", "0123456789ab", None),
        ("2", None, None),
    ]


@pytest.mark.parametrize("city", ["甲东县", "11"])
def test_a_county_counts_for_its_city_where_the_contract_takes_counties(
    fairs: Contract, parse_file: ParseFile, city: str
) -> None:
    place = fairs.columns["city"].model_copy(update={"accept_counties": True})
    lenient = fairs.model_copy(update={"columns": {**fairs.columns, "city": place}})
    row = GOOD.replace("甲市", "甲东县")
    assert [actual["city_code"] for actual in parse_file(lenient, HEADER + row).accepted] == ["1"]
    parsed = parse_file(fairs, HEADER + row)
    assert (parsed.errors, parsed.rejects[0]["expected"]) == ([(2, "city", "county_not_city", "甲东县")], "1")


def coded(contract: Contract) -> Contract:
    """The contract with a column for the code of the place."""
    code = contract.columns["kind"].model_copy(update={"type": "place_code", "zh": "代码", "allowed": None})
    return contract.model_copy(update={"columns": {**contract.columns, "code": code}})


@pytest.mark.parametrize(
    ("city", "code", "actual"),
    [
        ("甲市", "1", ("1", None)),
        ("", "2", ("2", None)),
        ("beta", "2", ("2", None)),
        ("甲市", "", ("1", None)),
        ("beta", "", ("ambiguous_place", "")),
        ("甲市", "2", ("place_code_mismatch", "2")),
        ("甲市", "77", ("unknown_place", None)),
        ("丙市", "1", ("unknown_place", None)),
        ("", "", ("missing_value", "列city")),
    ],
)
def test_a_code_settles_a_homophone_and_never_contradicts_the_name(
    fairs: Contract, registry: Lookups, parse_file: ParseFile, city: str, code: str, actual: tuple[str, str | None]
) -> None:
    names = [("甲市", "1", None, None), ("1", "1", None, None), ("2", "2", None, None)]
    with_codes = dataclasses.replace(registry, places=Places.of(names, ["beta"]))
    header = "city,code,date,source_id,source_grade\n"
    parsed = parse_file(coded(fairs), header + f"{city},{code},2026-02-05,book,A\n", registry=with_codes)
    errors = [(row["code"], row["expected"]) for row in parsed.rejects]
    if errors:
        assert errors == [(actual[0], errors[0][1] if actual[1] is None else actual[1])]
    else:
        assert [(row["city_code"], row["province_code"]) for row in parsed.accepted] == [actual]


def test_a_row_of_a_long_layout_has_unit_and_limits_of_its_indicator(fairs: Contract, parse_file: ParseFile) -> None:
    types = {"city": "place", "indicator": "indicator", "value": "number", "unit": "unit"}
    types |= {"source_id": "text", "source_grade": "text"}
    columns = {name: {"type": kind, "zh": f"列{name}", "en": name, "required": True} for name, kind in types.items()}
    content = fairs.model_dump() | {"dataset": "long", "columns": columns, "key": ["city", "indicator"]}
    contract = Contract.model_validate(content | {"indicators": ["long.rate", "long.length"]})
    parsed = parse_file(
        contract,
        "city,indicator,value,unit,source_id,source_grade\n"
        "甲市,long.rate,101,%,book,A\n"
        "乙市,long.rate,50,‰,book,A\n"
        "甲市,long.length,5000,米,book,A\n"
        "乙市,other.rate,5,%,book,A\n"
        "乙市,long.length,5,%,book,A\n",
    )
    assert [(line, code, actual) for line, _, code, actual in parsed.errors] == [
        (2, "number_above_maximum", "101"),
        (5, "unknown_indicator_name", "other.rate"),
        (6, "incompatible_unit", "5"),
    ]
    assert [(row["line"], row["value"]) for row in parsed.accepted] == [(3, 5.0), (4, 5.0)]
    converted = sorted(note.text for note in parsed.result.notes if note.kind == "converted")
    assert converted == ["‰ → %: × 1/10 (1)", "米 → 公里: × 1/1000 (1)"]


CELLS = st.sampled_from(
    ["甲市", "乙市", "全省", "", "2026-02-05", "big", "-1", "3", "是", "book", "A", "=1+1", "x\ny", '"q"']
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(CELLS, min_size=1, max_size=9), max_size=8))
def test_rows_in_are_rows_accepted_set_aside_and_rejected(
    fairs: Contract, parse_file: ParseFile, rows: list[list[str]]
) -> None:
    quoted = ["".join((",".join('"' + cell.replace('"', '""') + '"' for cell in row), "\n")) for row in rows]
    parsed = parse_file(fairs, HEADER + "".join(quoted))
    # A cell over several lines is believed only in a row of the right width: a stray quote looks like one.
    several = sum(row.count("x\ny") for row in rows if len(row) != 8)
    counted = (
        parsed.result.counts["rows_read"] + parsed.result.counts["rows_blank"] + parsed.result.counts["rows_skipped"]
    )
    assert len(rows) <= counted <= len(rows) + several
    kept = {row["line"] for row in parsed.accepted} | {row["line"] for row in parsed.rejects}
    assert len(kept) == parsed.result.counts["rows_read"]
