"""Hostile and damaged files: refused with a reason or made harmless, and never a hang."""

from __future__ import annotations

import hashlib
import os
import random
import resource
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from assets.core.inbox_files import escape_path
from assets.core.settings import Limits
from tests.builders.hostile_files import GOOD, SHEET, bomb, locked, with_parts, with_rows, with_sheet
from tests.builders.inbox import LIMITS, NOW, Inbox, Take
from tests.builders.intake_files import FAIRS, PARKS, Cells, fair, park, parks, text_of, xls, xlsx
from tests.helpers.hang_guard import hang_guard

AREA = "park_area_per_capita_m2"
NANCHANG = "360100"
GOOD_CSV = parks(park("南昌市"))


@pytest.fixture(autouse=True)
def nothing_hangs() -> Iterator[None]:
    with hang_guard():
        yield


# --- cells ------------------------------------------------------------------------------------------------------

FORMULAS = ("=cmd|' /C calc'!A0", "@SUM(A1:A9)", "+1+1", "-2+3", '=HYPERLINK("http://example.com")', "=1+1")


def test_a_formula_is_no_figure_and_no_city(take: Take) -> None:
    rows = [row for formula in FORMULAS for row in (park("南昌市", area=formula), park(formula))]
    outcome = take("parks", parks(*rows))
    assert [errors[1:] for errors in outcome.errors] == [
        fault
        for formula in FORMULAS
        for fault in ((AREA, "invalid_number", formula), ("city", "unknown_place", formula))
    ]


def test_a_formula_in_free_text_stays_the_text_that_was_sent(take: Take) -> None:
    outcome = take("employment_events", text_of(FAIRS, *(fair("2026-02-05", formula) for formula in FORMULAS)))
    assert outcome.values("event") == [(formula,) for formula in FORMULAS]


def test_a_formula_of_excel_counts_as_its_saved_value(take: Take) -> None:
    with_value = with_sheet(b"<v>12.5</v>", b"<f>12+1/2</f><v>12.5</v>")
    outcome = take("parks", with_value, "synthetic.xlsx")
    assert outcome.values(AREA) == [(12.5,), (12.5,)]


@pytest.mark.parametrize("error", ["#DIV/0!", "#REF!", "#NAME?", "#N/A"])
def test_an_error_of_excel_is_reported_and_never_taken_for_a_gap(take: Take, error: str) -> None:
    content = with_sheet(b'<c r="D2" t="n"><v>12.5</v>', f'<c r="D2" t="e"><v>{error}</v>'.encode())
    outcome = take("parks", content, "synthetic.xlsx")
    assert outcome.errors == [(2, AREA, "error_in_cell", error)]
    assert outcome.values(AREA) == [(12.5,)]


@pytest.mark.parametrize(
    "name",
    ["<script>alert(1)</script>", "南昌市<img src=x onerror=alert(1)>", "南昌市'; drop table parks; --", "{actual}"],
)
def test_markup_in_a_name_is_reported_as_it_stands(take: Take, name: str) -> None:
    outcome = take("parks", parks(park(name)))
    assert outcome.errors == [(2, "city", "unknown_place", name)]
    assert name in outcome.rejects[0]["reason_zh"]


@pytest.mark.parametrize(
    "header", ['城市";x', "城市'; drop table parks; --", '"', "<b>城市</b>", "城市;年份", "{expected}"]
)
def test_quotes_and_semicolons_in_headers_refuse_the_file(take: Take, header: str) -> None:
    outcome = take("parks", text_of((header, *PARKS[1:]), park("南昌市")))
    assert outcome.refusals == [("unknown_header", header)]


@pytest.mark.parametrize("mark", ["\u202e", "\u202d"])
def test_overrides_of_direction_make_no_city_of_a_name(take: Take, mark: str) -> None:
    outcome = take("parks", parks(park(f"南昌{mark}市"), park("九江市")))
    assert outcome.errors == [(2, "city", "unknown_place", f"南昌{mark}市")]
    assert outcome.values("city_code") == [("360400",)]


def test_a_quote_that_never_ends_breaks_its_own_line_alone(take: Take) -> None:
    lines = GOOD_CSV + '"九江市,2024,城区,12.5,43.25,mohurd_yearbook,A\r\n' + text_of(park("新余市"))
    outcome = take("parks", lines)
    assert [errors[:3] for errors in outcome.errors] == [(3, None, "malformed_row")]
    assert outcome.values("line", "city_code") == [(2, NANCHANG), (4, "360500")]


def test_a_thousand_unknown_names_do_not_hold_the_intake_up(take: Take) -> None:
    chance = random.Random(1)
    names = ["".join(chr(chance.randint(0x4E00, 0x9000)) for _ in range(6)) for _ in range(1000)]
    outcome = take("parks", parks(*map(park, names)))
    assert [actual for _, _, _, actual in outcome.errors] == names


LONG_TEXTS = (
    "以",
    "以a",
    "按米",
    "为a",
    "单位",
    "单位：",
    "累计",
    "2020-2024年",
    "(a",
    "（",
    "1月",
    "截至",
    "第1",
    "a ",
    "1,",
    "-1",
)


@pytest.mark.parametrize("piece", LONG_TEXTS)
def test_a_long_text_above_the_table_beside_or_below_it_does_not_hold_the_intake_up(take: Take, piece: str) -> None:
    text = piece * (200_000 // len(piece))
    outcome = take("parks", f'"{text}!"\r\n{GOOD_CSV}注：{text}!\r\n"{text}!",2024,城区,"{text}!",43,a,A\r\n')
    assert outcome.values("city_code") in ([(NANCHANG,)], [])


@pytest.mark.parametrize("piece", ["-1", "-1.1", "、1日", " ", "\x0b", "起", "上午", "1:1", "-1:1"])
def test_a_long_date_is_an_error_and_does_not_hold_the_intake_up(take: Take, piece: str) -> None:
    dates = [f"2026-02-05起{piece * number}x" for number in (20, 39, 40_000)]
    outcome = take("employment_events", text_of(FAIRS, *map(fair, dates)))
    assert [code for _, _, code, _ in outcome.errors] == ["invalid_date"] * len(dates)


# --- text files -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "missing_header_row"),
        (b"\r\n\r\n \r\n", "missing_header_row"),
        (b"\xef\xbb\xbf", "missing_header_row"),
        (b"\xff\xfe", "missing_header_row"),
        (b"\xff\xfe\x00", "unsupported_encoding"),
        (b"\xff" * 5000, "unsupported_encoding"),
        (GOOD_CSV.encode() + b"\xff", "invalid_encoding"),
        (GOOD_CSV.encode() + b"\0\r\n", "file_has_nul"),
        (b"\0" * 5000, "file_has_nul"),
        (b"\xff\xfe" + (GOOD_CSV + "\0").encode("utf-16-le"), "file_has_nul"),
    ],
)
def test_a_file_without_text_is_refused(take: Take, content: bytes, code: str) -> None:
    assert [refusal for refusal, _ in take("parks", content).refusals] == [code]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_end_of_a_line_ends_a_line(take: Take, end: str) -> None:
    titles: Cells = ("synthetic", *[""] * (len(PARKS) - 1))
    outcome = take("parks", text_of(titles, PARKS, park("南昌市"), park("九江市"), park("?"), end=end))
    assert outcome.values("line", "city_code") == [(3, NANCHANG), (4, "360400")]
    assert [errors[:3] for errors in outcome.errors] == [(5, "city", "unknown_place")]


def test_a_line_above_the_limit_is_reported_with_its_number(take: Take) -> None:
    content = GOOD_CSV + text_of(park("南" * 2000)) + text_of(park("九江市"))
    outcome = take("parks", content, limits=Limits(still_written_seconds=0, line_bytes=5000))
    assert [code for code, _ in outcome.refusals] == ["line_too_long"]
    assert outcome.receipt.issues[0].line == 3


def test_a_line_of_64_megabytes_stops_early(take: Take) -> None:
    outcome = take("parks", b"x" * (64 << 20))
    assert [code for code, _ in outcome.refusals] == ["line_too_long"]


WIDE = tuple(f"c{number}" for number in range(100_000))


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_100000_columns_refuse_the_file(take: Take, delimiter: str) -> None:
    content = text_of((*PARKS, *WIDE), (*park("南昌市"), *WIDE), delimiter=delimiter)
    assert take("parks", content).refusals == [("too_many_columns", str(len(PARKS) + len(WIDE)))]


def test_a_row_of_100000_cells_is_a_reject(take: Take) -> None:
    outcome = take("parks", parks((*park("南昌市"), *WIDE), park("九江市")))
    assert outcome.errors == [(2, None, "cell_count_mismatch", str(len(PARKS) + len(WIDE)))]
    assert outcome.values("line", "city_code") == [(3, "360400")]


@pytest.mark.parametrize("ending", ["csv", "tsv", "txt", "xlsx", "xls"])
@pytest.mark.parametrize("magic", [b"", b"PK\x03\x04", bytes.fromhex("d0cf11e0a1b11ae1"), b"\xff\xfe", b"\xef\xbb\xbf"])
def test_random_bytes_are_refused(take: Take, ending: str, magic: bytes) -> None:
    outcome = take("parks", magic + random.Random(ending).randbytes(5000), f"synthetic.{ending}")
    assert outcome.receipt.status == "refused"


@pytest.mark.parametrize("ending", ["xlsx", "xls"])
def test_text_under_the_ending_of_a_workbook_is_read_as_text(take: Take, ending: str) -> None:
    assert take("parks", GOOD_CSV, f"synthetic.{ending}").values("city_code", AREA) == [(NANCHANG, 12.5)]


def test_a_workbook_under_the_ending_of_text_is_read_as_a_workbook(take: Take) -> None:
    assert take("parks", GOOD, "synthetic.csv").values("sheet", AREA) == [("合成", 12.5), ("合成", 12.5)]


# --- workbooks --------------------------------------------------------------------------------------------------


def test_a_bomb_stops_before_it_unpacks(take: Take) -> None:
    content = bomb(4096)
    assert len(content) < 5_000_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outcome = take("parks", content, "synthetic.xlsx")
    assert outcome.refusals == [("workbook_too_large", outcome.receipt.issues[0].actual)]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000


@pytest.mark.parametrize("declared", [0, 1000])
def test_a_bomb_that_declares_itself_small_stops_at_the_limit(take: Take, declared: int) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    limits = Limits(still_written_seconds=0, unpacked_bytes=50_000_000)
    outcome = take("parks", bomb(4096, declared), "synthetic.xlsx", limits)
    # Python unpacks no more than declared, and then the sum is wrong.
    assert [code for code, _ in outcome.refusals] == ["workbook_unreadable"]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000


A3 = b'r="A3"'
FAR = {
    "as Excel writes it": with_sheet(A3, b'r="XFD1048576"'),
    "in single quotes": with_sheet(A3, b"r='XFD1048576'"),
    "with blanks": with_sheet(A3, b'r  =\n"XFD1048576"'),
    "in lower case": with_sheet(A3, b'r="xfd1048576"'),
    "behind other attributes": with_sheet(A3, b's=">" t="<" r="XFD1048576"'),
    "with a prefix": with_rows(b'<row r="1"><x:c r="XFD1048576"><v>1</v></x:c></row>'),
    "by row and cell": with_rows(b'<row r="1"><c r="XFD1"/></row><row r="1048576"><c><v>1</v></c></row>'),
    "without references": with_rows(
        b"<row>" + b"<c><v>1</v></c>" * 16_384 + b"</row>" + b"<row><c><v>1</v></c></row>" * 100_000
    ),
    "beyond what Excel has": with_sheet(A3, b'r="A4000000000"'),
    "in a part of another name": with_parts(
        lambda parts: parts.update(
            {
                "xl/elsewhere.bin": parts.pop(SHEET).replace(A3, b'r="XFD1048576"'),
                "xl/_rels/workbook.xml.rels": parts["xl/_rels/workbook.xml.rels"].replace(
                    b"worksheets/sheet1.xml", b"elsewhere.bin"
                ),
            }
        )
    ),
}


@pytest.mark.parametrize("content", FAR.values(), ids=FAR)
def test_a_cell_at_the_far_end_of_a_sheet_costs_nothing(take: Take, content: bytes) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert take("parks", content, "synthetic.xlsx").receipt.status == "refused"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000


def test_a_note_far_from_the_table_is_reported_and_the_table_is_read(take: Take) -> None:
    content = with_sheet(b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>')
    outcome = take("parks", content, "synthetic.xlsx")
    assert [(line, code) for line, _, code, _ in outcome.errors] == [(1048576, "cell_count_mismatch")]
    assert outcome.values(AREA) == [(12.5,), (12.5,)]


@pytest.mark.parametrize("xml", [b"<c " * 700_000, b'<c "' * 500_000, b"<c '\"" * 400_000, b"<c " + b" " * 3_000_000])
def test_tags_without_an_end_do_not_hold_the_intake_up(take: Take, xml: bytes) -> None:
    outcome = take("parks", with_rows(xml), "synthetic.xlsx")
    assert [code for code, _ in outcome.refusals] == ["workbook_unreadable"]


def test_all_sheets_together_stay_within_the_limit(take: Take) -> None:
    sheets = {f"{number}": [PARKS, park("南昌市", 2000 + number)] for number in range(8)}
    limits = Limits(still_written_seconds=0, sheet_cells=100)
    assert take("parks", xlsx(sheets), "synthetic.xlsx", limits).refusals == [("workbook_too_large", "105")]
    limits = Limits(still_written_seconds=0, sheets=7)
    assert take("parks", xlsx(sheets), "synthetic.xlsx", limits).refusals == [("too_many_sheets", "8")]


DTD = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname"><!ENTITY b "&#21335;"><!ENTITY c "&b;&b;&b;&b;">]>'


@pytest.mark.parametrize("entity", [b"&a;", b"&c;"])
def test_entities_of_a_document_are_never_resolved(take: Take, entity: bytes) -> None:
    def change(parts: dict[str, bytes]) -> None:
        text = parts[SHEET].replace("南昌市".encode(), entity)
        parts[SHEET] = text.replace(b"<worksheet", DTD + b"<worksheet", 1)

    outcome = take("parks", with_parts(change), "synthetic.xlsx")
    assert [code for code, _ in outcome.refusals] == ["workbook_unreadable"]


def test_a_document_type_alone_changes_nothing(take: Take) -> None:
    outcome = take("parks", with_sheet(b"<worksheet", b"<!DOCTYPE x><worksheet"), "synthetic.xlsx")
    assert outcome.values(AREA) == [(12.5,), (12.5,)]


@pytest.mark.parametrize(
    "content",
    [
        with_parts(lambda parts: parts.pop("xl/workbook.xml")),
        with_parts(lambda parts: parts.update({"content.xml": b"<office/>"})),
        with_parts(lambda parts: parts.update({"xl/workbook.bin": b""})),
    ],
    ids=["no workbook", "also an OpenDocument", "also a binary workbook"],
)
def test_a_zip_that_is_no_workbook_is_refused(take: Take, content: bytes) -> None:
    assert take("parks", content, "synthetic.xlsx").refusals == [("unsupported_file_type", "zip")]


BROKEN = {
    "half a workbook": GOOD[: len(GOOD) // 2],
    "no sheet": with_parts(lambda parts: parts.pop(SHEET)),
    "half a sheet": with_parts(lambda parts: parts.update({SHEET: parts[SHEET][: len(parts[SHEET]) // 2]})),
    "a wrong sum": GOOD.replace(b"\x50\x4b\x01\x02", b"\x50\x4b\x01\x03", 1),
    **{f"an old one of {cut} bytes": xls({"合成": [PARKS, park("南昌市")]})[:cut] for cut in (8, 100, 512, 2000, 4600)},
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("ending", ["xlsx", "xls"])
def test_a_broken_or_locked_workbook_is_refused(take: Take, content: bytes, ending: str) -> None:
    outcome = take("parks", content, f"synthetic.{ending}")
    assert [code for code, _ in outcome.refusals] == ["workbook_unreadable"]


@pytest.mark.parametrize("ending", ["xlsx", "xls"])
def test_a_workbook_with_a_password_is_refused_by_name(take: Take, ending: str) -> None:
    outcome = take("parks", locked(), f"synthetic.{ending}")
    assert [code for code, _ in outcome.refusals] == ["encrypted_workbook"]


# --- names and kinds of files -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "a\nb.csv",
        "a\"b'c.csv",
        "a;drop table parks;--.csv",
        "<img src=x onerror=alert(1)>.csv",
        "a..\\..\\b.csv",
        "%2e%2e%2fetc%2fpasswd.csv",
        "=cmd.csv",
        "*?[a].csv",
        "\u202evsc.a.csv",
        "$(touch x).csv",
        "合成 数字.CSV",
    ],
)
def test_any_name_is_a_name(take: Take, name: str) -> None:
    outcome = take("parks", GOOD_CSV, name)
    assert outcome.receipt.file == escape_path(("parks", name))
    assert outcome.receipt.file.isprintable()
    assert outcome.values("city_code", AREA) == [(NANCHANG, 12.5)]


def test_a_name_that_is_no_utf8_is_reported_as_far_as_it_can_be(inbox: Inbox) -> None:
    Path(os.fsdecode(os.fsencode(inbox.folder("parks")) + b"/\xba\xcf\xca\xfd.csv")).write_text(GOOD_CSV, "utf-8")
    (outcome,) = inbox.outcomes("parks").values()
    assert outcome.receipt.file == "parks/\\xba\\xcf\\xca\\xfd.csv"
    assert outcome.values("city_code") == [(NANCHANG,)]


def test_links_are_reported_and_not_followed(inbox: Inbox, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.csv").write_text(GOOD_CSV, "utf-8")
    folder = inbox.folder("parks")
    (folder / "file.csv").symlink_to(outside / "secret.csv")
    (folder / "folder").symlink_to(outside, target_is_directory=True)
    (folder / "dangling.csv").symlink_to(tmp_path / "nothing.csv")
    (folder / "upwards.csv").symlink_to("../../../outside/secret.csv")
    (folder / "itself.csv").symlink_to("itself.csv")
    outcomes = inbox.outcomes("parks")
    assert sorted(outcomes) == ["dangling.csv", "file.csv", "folder", "itself.csv", "upwards.csv"]
    assert {refusal for outcome in outcomes.values() for refusal in outcome.refusals} == {("file_is_link", "0")}
    assert not [file for file in inbox.paths.archive.rglob("*") if file.is_file()]


def test_a_folder_of_a_dataset_that_is_a_link_is_not_followed(inbox: Inbox, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.csv").write_text(GOOD_CSV, "utf-8")
    inbox.paths.inbox.mkdir(parents=True)
    (inbox.paths.inbox / "parks").symlink_to(tmp_path / "outside", target_is_directory=True)
    (outcome,) = inbox.outcomes("parks").values()
    assert [code for code, _ in outcome.refusals] == ["file_is_link"]


def test_a_folder_with_the_name_of_a_file_is_a_folder(inbox: Inbox) -> None:
    (inbox.folder("parks") / "synthetic.csv").mkdir()
    inbox.put("parks", GOOD_CSV, "synthetic.csv/inside.csv")
    assert list(inbox.outcomes("parks")) == ["synthetic.csv/inside.csv"]


def test_a_pipe_and_a_socket_are_reported_and_never_opened(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = inbox.folder("parks")
    os.mkfifo(folder / "pipe.csv")
    monkeypatch.chdir(folder)  # the path of a socket may have 108 characters
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.csv")
        outcomes = inbox.outcomes("parks")
    assert {name: outcome.refusals for name, outcome in outcomes.items()} == {
        name: [("file_unreadable", "0")] for name in ("pipe.csv", "socket.csv")
    }


def test_a_device_is_reported_and_never_read(inbox: Inbox) -> None:
    try:
        os.mknod(inbox.folder("parks") / "zero.csv", 0o666 | 0o020000, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("only the superuser makes devices")
    (outcome,) = inbox.outcomes("parks").values()
    assert [code for code, _ in outcome.refusals] == ["file_unreadable"]


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_that_may_not_be_read_is_reported(inbox: Inbox) -> None:  # pragma: no cover
    inbox.put("parks", GOOD_CSV, "synthetic.csv").chmod(0)
    (outcome,) = inbox.outcomes("parks").values()
    assert [code for code, _ in outcome.refusals] == ["file_unreadable"]


# --- files that change ------------------------------------------------------------------------------------------


def test_a_file_still_being_written_is_taken_in_whole_by_the_next_run(inbox: Inbox) -> None:
    limits = Limits(still_written_seconds=0.3)
    rows = [park("南昌市", year) for year in range(1990, 2026)]
    file = inbox.put("parks", parks(), "synthetic.csv")
    is_read = threading.Event()

    def write() -> None:
        for row in rows[:-1]:
            with file.open("a", encoding="utf-8", newline="") as target:
                target.write(text_of(row))
            is_read.wait(0.03)
        is_read.wait()

    writer = threading.Thread(target=write)
    writer.start()
    first = inbox.outcomes("parks", limits)
    is_read.set()
    writer.join()
    with file.open("a", encoding="utf-8", newline="") as target:
        target.write(text_of(rows[-1]))
    assert first == {}
    assert inbox.outcomes("parks", limits)["synthetic.csv"].counts == (len(rows), 0, 0, 0, 0)


def test_a_file_replaced_while_it_is_read_is_the_one_or_the_other(inbox: Inbox, tmp_path: Path) -> None:
    contents = [
        parks(*(park(city, 2024, area=number % 90) for number in range(20_000))) for city in ("南昌市", "九江市")
    ]
    known = {hashlib.sha256(content.encode()).hexdigest() for content in contents}
    file = inbox.put("parks", contents[0], "synthetic.csv")
    is_over = threading.Event()

    def replace() -> None:
        while not is_over.is_set():
            for content in contents:
                (tmp_path / "next.csv").write_bytes(content.encode())
                (tmp_path / "next.csv").replace(file)

    replacer = threading.Thread(target=replace)
    replacer.start()
    try:
        # The key of all rows is one, so that they are read quickly and none is accepted.
        receipts = [receipt for _ in range(4) for receipt in inbox.intake("parks", LIMITS).ingest(NOW)]
    finally:
        is_over.set()
        replacer.join()
    assert {receipt.file_sha256 for receipt in receipts} <= known
    assert {receipt.rows_read for receipt in receipts} <= {20_000}
    assert list(inbox.outcomes("parks"))


def test_a_file_taken_away_while_the_inbox_is_listed_is_no_error(inbox: Inbox) -> None:
    names = [f"synthetic{number}.csv" for number in range(40)]
    is_over = threading.Event()

    def flicker() -> None:
        while not is_over.is_set():
            for name in names:
                inbox.put("parks", GOOD_CSV, name).unlink()

    thread = threading.Thread(target=flicker)
    thread.start()
    try:
        for _ in range(30):
            inbox.intake("parks").ingest(NOW)
    finally:
        is_over.set()
        thread.join()
    known = {hashlib.sha256(GOOD_CSV.encode()).hexdigest(), hashlib.sha256(b"").hexdigest()}
    assert {outcome.receipt.file_sha256 for outcome in inbox.outcomes("parks").values()} <= known
