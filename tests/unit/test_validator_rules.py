"""Rules of rows beyond one bad cell: limits, gaps, repeats, odd names, and what a contract may ask for."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.intake.tables.contracts import Contract
from assets.intake.values.lookups import referenced_texts
from assets.warehouse.connection import connect_in_memory
from tests.unit.conftest import ParseFile

HEADER = "city,date,kind,posts,share,is_local,source_id,source_grade\n"
GOOD = "甲市,2026-02-05,big,12,3.5,是,book,A\n"


def renamed(contract: Contract, old: str, new: str) -> Contract:
    """The contract with a column called otherwise."""
    columns = {new if name == old else name: field for name, field in contract.columns.items()}
    return contract.model_copy(update={"columns": columns})


def changed(contract: Contract, name: str, **rules: object) -> Contract:
    """The contract with another rule for a column."""
    field = contract.columns[name].model_copy(update=rules)
    return contract.model_copy(update={"columns": {**contract.columns, name: field}})


@pytest.mark.parametrize("share", ["0", "100", "0.0", "１００", "-0"])
def test_a_limit_is_itself_allowed(fairs: Contract, parse_file: ParseFile, share: str) -> None:
    parsed = parse_file(fairs, HEADER + f"甲市,2026-02-05,big,0,{share},是,book,A\n")
    assert (parsed.errors, len(parsed.accepted)) == ([], 1)


@pytest.mark.parametrize("city", ["甲市", " 甲 市　", "Alpha", "A", "AL PHA", "\ufeff甲市"])
def test_a_city_is_known_by_any_of_its_forms(fairs: Contract, parse_file: ParseFile, city: str) -> None:
    (row,) = parse_file(fairs, HEADER + f"{city},2026-02-05,big,1,1,是,book,A\n").accepted
    assert row["city_code"] == "1"


@pytest.mark.parametrize("posts", ["", "-", "无", "暂无", "N/A"])
def test_a_gap_in_a_figure_is_accepted_as_missing(fairs: Contract, parse_file: ParseFile, posts: str) -> None:
    (row,) = parse_file(fairs, HEADER + f"甲市,2026-02-05,big,{posts},{posts},是,book,A\n").accepted
    assert (row["posts"], row["posts_qualifier"], row["share"]) == (None, None, None)


@pytest.mark.parametrize("posts", ["", "-", "无"])
def test_a_gap_in_a_required_figure_rejects_its_row(fairs: Contract, parse_file: ParseFile, posts: str) -> None:
    parsed = parse_file(changed(fairs, "posts", required=True), HEADER + f"甲市,2026-02-05,big,{posts},1,是,book,A\n")
    assert parsed.errors == [(2, "posts", "missing_value", posts)]


def test_a_word_that_marks_a_gap_in_a_figure_is_a_word_in_a_text(fairs: Contract, parse_file: ParseFile) -> None:
    free = changed(fairs, "kind", allowed=None, required=True)
    (row,) = parse_file(free, HEADER + "甲市,2026-02-05,无,1,1,是,book,A\n").accepted
    assert row["kind"] == "无"


def test_lines_are_physical_ones_in_accepted_and_rejected_rows(fairs: Contract, parse_file: ParseFile) -> None:
    free = changed(fairs, "kind", allowed=None)
    parsed = parse_file(free, HEADER + '\n甲市,2026-02-05,"a\r\nb\nc",1,1,是,book,A\r\n丙市,2026-02-06,x,1,1,是,book,A')
    assert [row["line"] for row in parsed.accepted] == [3]
    assert (parsed.result.counts["rows_blank"], parsed.errors) == (1, [(6, "city", "unknown_place", "丙市")])


@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_a_repeat_is_one_whatever_its_line_end(fairs: Contract, parse_file: ParseFile, end: str) -> None:
    parsed = parse_file(fairs, HEADER + GOOD + GOOD.rstrip("\n") + end)
    assert parsed.errors == [(3, "city", "duplicate_row", "2")]
    assert (parsed.rejects[0]["expected"], parsed.rejects[0]["error_number"]) == ("city, date", 1)


@pytest.mark.parametrize("other", ["乙市,2026-02-05", "甲市,2026-02-06", "全省,2026-02-05"])
def test_another_city_day_or_total_is_another_key(fairs: Contract, parse_file: ParseFile, other: str) -> None:
    parsed = parse_file(fairs, HEADER + GOOD + f"{other},big,12,3.5,是,book,A\n")
    assert (len(parsed.accepted), parsed.errors) == (2, [])


def test_totals_are_rejected_by_the_rules_of_cities(fairs: Contract, parse_file: ParseFile) -> None:
    parsed = parse_file(fairs, HEADER + "全省,2026-02-05,big,-1,,是,book,A\n全省,2026-02-06,big,1,,是,book,A\n" * 2)
    assert (
        parsed.result.counts["rows_accepted"],
        parsed.result.counts["rows_aggregate"],
        parsed.result.counts["rows_rejected"],
    ) == (0, 1, 3)
    assert [code for _, _, code, _ in parsed.errors] == ["number_below_minimum"] * 2 + ["duplicate_row"]


def test_rows_with_a_gap_in_their_key_are_of_one_key(fairs: Contract, parse_file: ParseFile) -> None:
    keyed = fairs.model_copy(update={"key": ("city", "kind")})
    rows = "甲市,2026-02-05,,1,1,是,book,A\n甲市,2026-02-06,,2,1,是,book,A\n"
    assert [code for _, _, code, _ in parse_file(keyed, HEADER + rows).errors] == ["key_conflict"] * 2


def test_a_file_without_rows_has_empty_results(fairs: Contract, parse_file: ParseFile) -> None:
    parsed = parse_file(fairs, HEADER)
    assert (parsed.result.counts["rows_read"], parsed.accepted, parsed.rejects) == (0, [], [])


@pytest.mark.parametrize("text", ["{expected}", "{actual}", "\\1", "%s", "“”", "x" * 500])
def test_what_was_found_is_data_and_no_template(fairs: Contract, parse_file: ParseFile, text: str) -> None:
    (reject,) = parse_file(fairs, HEADER + f"{text},2026-02-05,big,12,3.5,是,book,A\n").rejects
    assert reject["reason_en"] == f"Unknown place “{text[:200]}”"
    assert reject["raw_row"].startswith(text)


@pytest.mark.parametrize("text", ["甲市{expected}", "甲市{actual}", "甲市\\1"])
def test_a_suggestion_is_named_before_the_remedy(fairs: Contract, parse_file: ParseFile, text: str) -> None:
    (reject,) = parse_file(fairs, HEADER + f"{text},2026-02-05,big,12,3.5,是,book,A\n").rejects
    assert reject["remedy_en"].startswith("If you mean “甲市”, use that name; Use the name")
    assert reject["remedy_zh"].startswith("如指“甲市”，请改写为该名称；请填写")


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "'; drop table typed; --", "<script>", "'", "{}"])
def test_hostile_text_in_a_free_column_is_accepted_as_it_is(fairs: Contract, parse_file: ParseFile, text: str) -> None:
    (row,) = parse_file(
        changed(fairs, "kind", allowed=None), HEADER + f"甲市,2026-02-05,{text},1,1,是,book,A\n"
    ).accepted
    assert row["kind"] == text


@pytest.mark.parametrize("word", ["it's", 'a"b', "x'; drop table typed; --"])
def test_hostile_words_in_a_contract_are_data(fairs: Contract, parse_file: ParseFile, word: str) -> None:
    odd = renamed(changed(fairs, "kind", allowed=(word,), zh=word), "kind", word)
    cell = '"' + word.replace('"', '""') + '"'
    header = HEADER.replace("kind", cell)
    parsed = parse_file(odd, header + f"甲市,2026-02-05,{cell},1,1,是,book,A\n甲市,2026-02-06,big,1,1,是,book,A\n")
    assert [row[word] for row in parsed.accepted] == [word]
    assert parsed.errors == [(3, word, "value_not_allowed", "big")]


def errors_with_odd_name(fairs: Contract, parse_file: ParseFile, name: str) -> list[tuple[int, str | None, str, str]]:
    """The errors of a repeat and a conflict in a file with a column of this name."""
    rows = "甲市,2026-02-05,big,1,1,是,book,A\n" * 2
    rows += "".join(f"乙市,2026-02-05,big,{posts},1,是,book,A\n" for posts in (7, 8))
    parsed = parse_file(renamed(fairs, "posts", name), HEADER.replace("posts", name) + rows)
    assert [row[name] for row in parsed.accepted] == [1]
    return parsed.errors


ERRORS = [(3, "city", "duplicate_row", "2"), (4, "city", "key_conflict", "5"), (5, "city", "key_conflict", "4")]


@pytest.mark.parametrize("name", ["order", "区 县", "group", "select", "form", "t", "code", "a.b", "raw", "value"])
def test_a_column_may_have_any_name(fairs: Contract, parse_file: ParseFile, name: str) -> None:
    assert errors_with_odd_name(fairs, parse_file, name) == ERRORS


@pytest.mark.parametrize(
    "name", ["position", "actual", "expected", "column_name", "reason_zh", "repeat", "first_line", "last_text"]
)
def test_a_column_may_have_a_name_that_intake_uses_itself(fairs: Contract, parse_file: ParseFile, name: str) -> None:
    assert errors_with_odd_name(fairs, parse_file, name) == ERRORS


@pytest.mark.parametrize("kind", ["varchar", "integer"])
def test_what_a_reference_refers_to_are_words_and_no_empty_cell_is_one(kind: str) -> None:
    with connect_in_memory() as connection:
        connection.execute(f"create schema reference; create table reference.sources (source_id {kind})")
        connection.execute("insert into reference.sources values ('25'), (null)")
        assert referenced_texts(connection, "sources.source_id") == {"25": "25"}


@pytest.mark.parametrize("word", ["Book", " book　", "ｂｏｏｋ"])
def test_a_reference_is_met_whatever_its_width_blanks_and_case(
    fairs: Contract, parse_file: ParseFile, word: str
) -> None:
    (row,) = parse_file(fairs, HEADER + GOOD.replace("book", word)).accepted
    assert row["source_id"] == "book"


def test_a_conflict_names_a_line_that_differs(fairs: Contract, parse_file: ParseFile) -> None:
    parsed = parse_file(fairs, HEADER + GOOD + GOOD + GOOD.replace("12", "13"))
    assert [(line, actual) for line, _, _, actual in parsed.errors] == [(2, "4"), (3, "4"), (4, "2")]


def test_a_limit_is_reported_in_full(fairs: Contract, parse_file: ParseFile) -> None:
    parsed = parse_file(changed(fairs, "posts", max=1234567.0), HEADER + GOOD.replace(",12,", ",1234568,"))
    assert [row["expected"] for row in parsed.rejects] == ["1234567"]


def test_the_column_of_a_long_layout_may_be_called_indicator_id(fairs: Contract, parse_file: ParseFile) -> None:
    named = (
        ("place", "city"),
        ("indicator", "indicator_id"),
        ("number", "value"),
        ("unit", "unit"),
        ("text", "source_id"),
    )
    columns = {
        name: {"type": kind, "zh": f"列{name}", "en": "column", "required": True}
        for kind, name in (*named, ("text", "source_grade"))
    }
    rules = {
        "dataset": "long",
        "columns": columns,
        "key": ["city", "indicator_id"],
        "indicators": ["long.rate", "long.length"],
    }
    contract = Contract.model_validate(fairs.model_dump() | rules)
    parsed = parse_file(
        contract,
        "city,indicator_id,value,unit,source_id,source_grade\n"
        "甲市,long.rate,101,%,book,A\n乙市,long.rate,50,‰,book,A\n甲市,long.length,5000,人,book,A\n",
    )
    assert parsed.errors == [(2, "value", "number_above_maximum", "101"), (4, "value", "incompatible_unit", "5000")]


FIELDS = (
    st.sampled_from(["甲市", "alpha", "乙市", "全省", "丙市", "", "'--"]),
    st.sampled_from(["2026-02-05", "2026/2/6", "soon", ""]),
    st.sampled_from(["big", "", "huge"]),
    st.sampled_from(["1", "80余", "１，０００", "-1", "1.5", "无", "NaN"]),
    st.sampled_from(["0", "100", "100.1", "", "1e5"]),
    st.sampled_from(["是", "no", "", "?"]),
    st.sampled_from(["book", "hearsay", ""]),
    st.sampled_from(["A", "B", "C", ""]),
)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(*FIELDS), min_size=5, max_size=25))
def test_every_line_is_accepted_or_rejected_and_never_both(
    fairs: Contract, parse_file: ParseFile, rows: list[tuple[str, ...]]
) -> None:
    parsed = parse_file(fairs, HEADER + "".join(",".join(row) + "\n" for row in rows))
    accepted, rejected = {row["line"] for row in parsed.accepted}, {row["line"] for row in parsed.rejects}
    assert accepted.isdisjoint(rejected)
    assert (
        len(accepted) + len(rejected)
        == len(parsed.accepted) + len(rejected)
        == len(rows)
        == parsed.result.counts["rows_read"]
    )
    keys = [(row["city_code"] or row["province_code"], row["date"]) for row in parsed.accepted]
    assert len(set(keys)) == len(keys)
    assert all(None not in key for key in keys)
    assert all(row["share"] is None or 0 <= row["share"] <= 100 for row in parsed.accepted)
