"""Rows of one key: which columns make two rows equal, and that accepted Parquet holds no duplicate."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest

from assets.intake.ingest import IngestJob
from assets.intake.readers import encoding
from assets.intake.receipts.receipts import accepted_files, reject_files
from assets.intake.tables.contracts import Contract
from tests.builders.fairs import HEADER, NOW, send
from tests.unit.conftest import ParseFile

COLUMNS = "city,date,kind,posts,share,is_local,source_id,source_grade"
ROW = "甲市,2026-02-05,big,12,3.5,是,book,A"


def errors(rows: str, contract: Contract, parse_file: ParseFile, header: str = COLUMNS) -> list[tuple[int, str, str]]:
    parsed = parse_file(contract, f"{header}\n{rows}")
    return [(line, code, actual) for line, _, code, actual in parsed.errors]


@pytest.mark.parametrize(
    "row",
    [
        "甲市,2026-02-05,small,12,3.5,是,book,A",
        "甲市,2026-02-05,big,13,3.5,是,book,A",
        "甲市,2026-02-05,big,约12,3.5,是,book,A",
        "甲市,2026-02-05,big,12,3.6,是,book,A",
        "甲市,2026-02-05,big,12,,是,book,A",
        "甲市,2026-02-05,big,12,3.5,否,book,A",
        "甲市,2026-02-05,big,12,3.5,是,book,B",
    ],
)
def test_two_rows_of_one_key_that_differ_in_any_column_are_both_rejected(
    fairs: Contract, parse_file: ParseFile, row: str
) -> None:
    assert errors(f"{ROW}\n{row}\n", fairs, parse_file) == [(2, "key_conflict", "3"), (3, "key_conflict", "2")]


def test_two_rows_that_differ_in_a_kept_unknown_column_alone_are_both_rejected(
    fairs: Contract, parse_file: ParseFile
) -> None:
    contract = fairs.model_copy(update={"on_unknown_column": "keep"})
    header = f"{COLUMNS},天气"
    assert errors(f"{ROW},晴\n{ROW},雨\n", contract, parse_file, header) == [
        (2, "key_conflict", "3"),
        (3, "key_conflict", "2"),
    ]
    assert errors(f"{ROW},晴\n{ROW},晴\n", contract, parse_file, header) == [(3, "duplicate_row", "2")]


def test_aggregate_rows_repeat_a_key_as_rows_of_cities_do(fairs: Contract, parse_file: ParseFile) -> None:
    total = ROW.replace("甲市", "全省")
    parsed = parse_file(fairs, f"{COLUMNS}\n{ROW}\n{total}\n{total}\n")
    assert [(line, code, actual) for line, _, code, actual in parsed.errors] == [(4, "duplicate_row", "3")]
    assert (
        parsed.result.counts["rows_accepted"],
        parsed.result.counts["rows_aggregate"],
        parsed.result.counts["rows_rejected"],
    ) == (1, 1, 1)
    assert errors(f"{total}\n{total.replace(',12,', ',13,')}\n", fairs, parse_file) == [
        (2, "key_conflict", "3"),
        (3, "key_conflict", "2"),
    ]


def test_accepted_parquet_holds_accepted_rows_in_the_order_of_the_file_and_nothing_else(intake: IngestJob) -> None:
    days = [9, 3, 3, 7, 8, 8]
    rows = [f"甲市,2026-01-{day:02},{number},book,A\n" for number, day in enumerate(days)]
    rows[2] = rows[1]
    send(intake, "a.csv", HEADER + "".join(rows) + "丙市,2026-01-01,1,book,A\n全省,2026-01-01,1,book,A\n")
    (receipt,) = intake.ingest(NOW)
    ((_, accepted),) = accepted_files(intake.folder, [receipt])
    ((_, rejects),) = reject_files(intake.folder, [receipt])
    assert pq.read_table(accepted)["line"].to_pylist() == [2, 3, 5, 9]
    assert sorted(set(pq.read_table(rejects)["line"].to_pylist())) == [4, 6, 7, 8]
    assert (receipt.rows_accepted, receipt.rows_aggregate, receipt.rows_rejected) == (3, 1, 4)


def test_duplicates_across_chunks_are_removed_and_the_file_keeps_its_types(
    fairs: Contract, parse_file: ParseFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoding, "BLOCK_BYTES", 200)
    days = [f"{year}-{month:02}-{day:02}" for year in (2025, 2026) for month in range(1, 13) for day in (1, 2, 3)]
    lines = [f"甲市,{day},big,{number},1,是,book,A" for number, day in enumerate(days)]
    unique = parse_file(fairs, "\n".join([COLUMNS, *lines]) + "\n")
    repeated = parse_file(fairs, "\n".join([COLUMNS, *lines, *lines]) + "\n")
    assert repeated.accepted == unique.accepted
    assert len(unique.accepted) == repeated.result.counts["rows_rejected"] == len(lines)


def test_a_file_in_which_every_row_conflicts_has_no_accepted_row(fairs: Contract, parse_file: ParseFile) -> None:
    parsed = parse_file(fairs, f"{COLUMNS}\n{ROW}\n{ROW.replace(',12,', ',13,')}\n")
    assert (parsed.accepted, parsed.result.counts["rows_accepted"], parsed.result.counts["rows_rejected"]) == ([], 0, 2)
