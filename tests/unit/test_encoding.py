"""Encodings: found strictly, UTF-8 before GB18030, and a file that is neither is refused with its line."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.core.settings import Limits
from assets.intake.readers import encoding
from assets.intake.readers.encoding import FileRejectedError, detect_encoding, read_utf8_blocks

LIMITS = Limits()
TEXT = "城市,年份\n南昌市,2024\n景德镇市,2025\n"


def read(tmp_path: Path, content: bytes, limits: Limits = LIMITS) -> tuple[str, str]:
    file = tmp_path / "sent.csv"
    file.write_bytes(content)
    name = detect_encoding(file, limits)
    return name, b"".join(read_utf8_blocks(file, name, limits)).decode()


def refused(tmp_path: Path, content: bytes, limits: Limits = LIMITS) -> tuple[str, str, int | None]:
    with pytest.raises(FileRejectedError) as rejection:
        read(tmp_path, content, limits)
    (issue,) = rejection.value.issues
    return issue.code, issue.actual, issue.line


@pytest.mark.parametrize(
    ("codec", "name"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("gb18030", "gb18030"),
        ("gbk", "gb18030"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
    ],
)
def test_a_text_is_read_in_the_encoding_that_it_is_in(tmp_path: Path, codec: str, name: str) -> None:
    assert read(tmp_path, TEXT.encode(codec)) == (name, TEXT)


@pytest.mark.parametrize(("codec", "name"), [("big5", "Big5"), ("utf-32", "UTF-32")])
def test_an_encoding_that_is_not_supported_is_named(tmp_path: Path, codec: str, name: str) -> None:
    content = "城市,年份,統計口徑,人均公園綠地面積\n南昌市,2023,城區,12.5\n".encode(codec)
    assert refused(tmp_path, content) == ("unsupported_encoding", name, None)


@pytest.mark.parametrize("text", [TEXT, "㐀𠀀,纛鬮龘\n", "a,b\n1,é\n", "銅鑼灣,贛州,廣場綠地\n", "备注\n鑫垚淼焱犇\n"])
def test_gb18030_is_not_taken_for_big5(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text.encode("gb18030"))[0] == "gb18030"


def test_lines_of_an_old_macintosh_may_be_more_than_the_limit_of_one_line(tmp_path: Path) -> None:
    content = "城市,年份\r" + "南昌市,2024\r" * 200
    assert read(tmp_path, content.encode(), Limits(line_bytes=1000)) == ("utf-8", content)


def test_bytes_with_nul_that_are_no_table_in_utf_16_are_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, b"city,date,posts,source_id\nalpha,1\n\x00")[0] == "file_has_nul"
    assert refused(tmp_path, b"\x00\x01\x02\xff" * 100)[0] == "unsupported_encoding"


def test_utf_16_of_the_other_byte_order_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xfe\xff" + TEXT.encode("utf-16-be")) == ("utf-16", TEXT)


def test_utf_8_that_would_also_be_gb18030_is_utf_8(tmp_path: Path) -> None:
    text = "涓枃,鍩庡競\n"  # what UTF-8 looks like to one who takes it for GBK
    content = "中文,城市\n".encode()
    assert content.decode("gb18030", errors="ignore")
    assert read(tmp_path, content) == ("utf-8", "中文,城市\n")
    assert read(tmp_path, text.encode()) == ("utf-8", text)


@pytest.mark.parametrize("content", [b"city\n\xff\xff\n", b"city\n\x80\n"])
def test_bytes_of_no_encoding_refuse_the_file(tmp_path: Path, content: bytes) -> None:
    code, actual, line = refused(tmp_path, content)
    assert (code, line) == ("unsupported_encoding", 2)
    assert actual.startswith("0x")


@pytest.mark.parametrize("rows", [1, 5, 3000])
def test_a_broken_byte_in_utf_8_is_reported_with_its_line_and_not_read_as_gb18030(tmp_path: Path, rows: int) -> None:
    content = ("南昌市景德镇市,2\n" * rows).encode() + b"caf\xe9,2\n" + b"1,2\n" * 9
    assert refused(tmp_path, content) == ("invalid_encoding", "0xe9", rows + 1)


def test_utf_16_cut_off_in_a_character_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, TEXT.encode("utf-16")[:-1])[0] == "unsupported_encoding"


@pytest.mark.parametrize("codec", ["utf-8", "gb18030", "utf-16"])
def test_a_nul_refuses_the_file_with_its_line(tmp_path: Path, codec: str) -> None:
    assert refused(tmp_path, "城市\na\x00b\n".encode(codec)) == ("file_has_nul", "", 2)


@pytest.mark.parametrize("codec", ["utf-8", "gb18030", "utf-16"])
def test_a_line_above_the_limit_refuses_the_file(tmp_path: Path, codec: str) -> None:
    limits = Limits(line_bytes=1000)
    content = ("城市\n" + "南" * 2000 + "\n年\n").encode(codec)
    code, _, line = refused(tmp_path, content, limits)
    assert (code, line) == ("line_too_long", 2)
    assert read(tmp_path, ("城市\n" + "a" * 400 + "\n").encode(codec), limits)[0] == codec


@pytest.mark.parametrize(
    ("codec", "bad", "code"),
    [
        ("utf-8", b"a\x00b", "file_has_nul"),
        ("utf-8", b"caf\xe9,2", "invalid_encoding"),
        ("utf-8", b"x" * 2000, "line_too_long"),
        ("gb18030", b"caf\xff,2", "unsupported_encoding"),
        ("gb18030", b"x" * 2000, "line_too_long"),
        ("utf-16", b"\x00\x00", "file_has_nul"),
        ("utf-16", b"\x00\xd8", "unsupported_encoding"),
        ("utf-16", "x".encode("utf-16-le") * 2000, "line_too_long"),
    ],
)
def test_a_fault_far_down_a_file_is_reported_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, codec: str, bad: bytes, code: str
) -> None:
    monkeypatch.setattr(encoding, "BLOCK_BYTES", 70)
    end = "\n".encode(codec if codec != "utf-16" else "utf-16-le")
    content = ("城市名称\n" * 100).encode(codec) + bad + end + end * 50
    actual, _, line = refused(tmp_path, content, Limits(line_bytes=1000))
    assert (actual, line) == (code, 101)


QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUICK
@given(st.text(st.sampled_from("南昌a,\r\n\U00020000é"), max_size=60), st.integers(1, 9))
def test_blocks_end_where_lines_do_and_nothing_is_lost(tmp_path: Path, text: str, size: int) -> None:
    for codec in ("utf-8", "utf-8-sig", "gb18030", "utf-16"):
        file = tmp_path / "sent.csv"
        file.write_bytes(text.encode(codec))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(encoding, "BLOCK_BYTES", size)
            name = detect_encoding(file, LIMITS)
            blocks = list(read_utf8_blocks(file, name, LIMITS))
        assert b"".join(blocks).decode() == text
        assert all(block.endswith((b"\n", b"\r")) for block in blocks[:-1])
        assert not any(first.endswith(b"\r") and second.startswith(b"\n") for first, second in pairwise(blocks))
