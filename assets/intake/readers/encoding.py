"""From bytes to UTF-8, strictly: the encoding of a file, and its text in blocks of complete lines.

Here: byte order marks, UTF-16 without one, UTF-8 before GB18030, too long lines. Not here: cells
(assets.intake.readers.delimited).

UTF-8 is tried first, on all bytes of the file: nearly any bytes are valid GB18030, so a decoder that tried GB18030
first would turn UTF-8 into other characters without an error.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from functools import partial
from itertools import chain, islice
from pathlib import Path

import numpy as np
import pyarrow as pa

from assets.core.errors import Issue
from assets.core.settings import Limits

BLOCK_BYTES = 16 << 20
# Small enough for the cache of a processor: three times as fast as large blocks.
_COUNTED_BYTES = 1 << 18
_LINE_END = b"\n"
_LINE_FEED = ord(_LINE_END)
_RETURN = b"\r"
# With so many characters of three bytes the file is certainly UTF-8, with a damaged byte.
_MIN_WIDE_FOR_UTF8 = 8
_SAMPLE_BYTES = 1 << 14
# What a table consists of; bytes of another encoding read as UTF-16 are mostly other characters.
_TABLE_TEXT = re.compile("[\t\r\n -~\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
_MIN_TABLE_TEXT = 0.9
# Digits and delimiters have a byte of zero in UTF-16.
_MIN_NULS = 0.1
# In texts nearly all Chinese characters are among the common ones, which are the first ones of GB2312 and of Big5.
_COMMON_IN_GB2312 = re.compile(rb"[\xb0-\xd7][\xa1-\xfe]")
_COMMON_IN_BIG5 = re.compile(rb"[\xa4-\xc6][\x40-\x7e\xa1-\xfe]")
_MIN_COMMON, _MAX_COMMON_IN_OTHER = 0.8, 0.5
# Of fewer characters nothing is certain.
_MIN_CHARACTERS = 8


class FileRejectedError(Exception):
    """No row of the file can be used; `issues` are the reasons."""

    def __init__(self, *issues: Issue) -> None:
        self.issues = issues
        super().__init__("; ".join(issue.reason("en") for issue in issues))


def count_line_ends(text: bytes) -> int:
    """Return the number of line ends: \\r\\n, \\n, and \\r alone as on an old Macintosh."""
    lone_returns = text.count(b"\r") - text.count(b"\r\n") if b"\r" in text else 0
    return count_line_feeds(text) + lone_returns


def count_line_feeds(text: bytes) -> int:
    """Return the number of line feeds; numpy counts them ten times as fast as `bytes.count`."""
    return int(np.count_nonzero(np.frombuffer(text, dtype=np.uint8) == _LINE_FEED))


def count_lines(file: Path, encoding: str, limits: Limits) -> int:
    """Return the number of physical lines, independently of how they are read.

    Only UTF-16 is decoded: in other encodings no byte of a line end is part of another character.
    """
    if encoding.startswith("utf-16"):
        return _count_lines(read_utf8_blocks(file, encoding, limits))
    with file.open("rb", buffering=0) as stream:
        return _count_lines(iter(partial(stream.read, _COUNTED_BYTES), b""))


def _count_lines(blocks: Iterator[bytes]) -> int:
    count, last = 0, _LINE_END
    for block in blocks:
        codes = np.frombuffer(block, dtype=np.uint8)
        is_feed, is_return = codes == _LINE_FEED, codes == ord("\r")
        pairs = np.count_nonzero(is_return[:-1] & is_feed[1:]) + (last == b"\r" and block.startswith(_LINE_END))
        count += int(np.count_nonzero(is_feed) + np.count_nonzero(is_return) - pairs)
        last = block[-1:]
    return count + (last not in (_LINE_END, b"\r"))


def detect_encoding(file: Path, limits: Limits) -> str:
    """Return utf-8-sig, utf-16, utf-16-le, utf-16-be, utf-8 or gb18030.

    Raises:
        FileRejectedError: UTF-8 was meant and is damaged, or the encoding is another one.
    """
    with file.open("rb") as stream:
        start = stream.read(_SAMPLE_BYTES)
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise FileRejectedError(Issue("unsupported_encoding", "UTF-32"))
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in start and (unmarked := _unmarked_utf16(start)) is not None:
        return unmarked
    name = "utf-8-sig" if start.startswith(codecs.BOM_UTF8) else "utf-8"
    wide = 0
    for number, block in enumerate(_blocks(file, name, limits)):
        if block.isascii():
            continue
        if not _is_utf8(block):
            encoding = _gb18030_or_error(block, _lines_before(file, name, limits, number), wide, name)
            if _is_big5(block[:_SAMPLE_BYTES]):
                raise FileRejectedError(Issue("unsupported_encoding", "Big5"))
            return encoding
        wide = wide if wide >= _MIN_WIDE_FOR_UTF8 else wide + _wide_characters(block)
    return name


def read_utf8_blocks(file: Path, encoding: str, limits: Limits) -> Iterator[bytes]:
    """Yield the text as UTF-8 without byte order mark, in blocks of complete lines.

    Raises:
        FileRejectedError: a byte is not valid in the encoding, or is NUL.
    """

    def line_at(number: int, text: bytes, offset: int) -> int:
        return _lines_before(file, encoding, limits, number) + count_line_ends(text[:offset]) + 1

    for number, block in enumerate(_blocks(file, encoding, limits)):
        text = block.removeprefix(codecs.BOM_UTF8) if number == 0 else block
        if encoding == "gb18030":
            try:
                text = text.decode("gb18030").encode()
            except UnicodeDecodeError as error:
                line, bad_byte = line_at(number, text, error.start), f"0x{text[error.start]:02x}"
                raise FileRejectedError(Issue("unsupported_encoding", bad_byte, line=line)) from error
        if b"\0" in text:
            raise FileRejectedError(Issue("file_has_nul", line=line_at(number, text, text.index(b"\0"))))
        yield text


def _blocks(file: Path, encoding: str, limits: Limits) -> Iterator[bytes]:
    """Blocks of complete lines; UTF-16 as UTF-8, all other encodings as they are in the file."""
    with file.open("rb") as stream:
        blocks = iter(lambda: stream.read(BLOCK_BYTES), b"")
        try:
            is_utf16 = encoding.startswith("utf-16")
            yield from _complete_lines(_decode_utf16(blocks, encoding) if is_utf16 else blocks, limits)
        except _LineTooLongError as error:
            line = _lines_before(file, encoding, limits, error.block) + error.line
            raise FileRejectedError(
                Issue("line_too_long", str(error.size), str(limits.line_bytes), line=line)
            ) from error


def _lines_before(file: Path, encoding: str, limits: Limits, number: int) -> int:
    """The number of lines before a block, counted by reading the blocks again.

    Only an error needs it; counting every line while reading would double the time.
    """
    return sum(count_line_ends(block) for block in islice(_blocks(file, encoding, limits), number))


def _decode_utf16(blocks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    lines = 0
    for block in chain(blocks, (b"",)):
        try:
            text = decoder.decode(block, final=not block).encode()
        except UnicodeDecodeError as error:
            valid = error.object[: error.start].decode(error.encoding).encode()
            issue = Issue("unsupported_encoding", "UTF-16", line=lines + count_line_ends(valid) + 1)
            raise FileRejectedError(issue) from error
        if text:
            yield text
            lines += count_line_ends(text)


class _LineTooLongError(Exception):
    """The number of the block from 0, the number of the line in the block from 1, and its size in bytes."""

    def __init__(self, block: int, line: int, size: int) -> None:
        self.block, self.line, self.size = block, line, size
        super().__init__()


def _complete_lines(blocks: Iterator[bytes], limits: Limits) -> Iterator[bytes]:
    """The same bytes, cut after line ends; raises _LineTooLongError before a long line fills the memory."""
    rest, number = b"", 0
    for block in blocks:
        # A carriage return at the end may be half of a line end.
        end = (block.rfind(_LINE_END) + 1) or (block.rfind(_RETURN, 0, len(block) - 1) + 1)
        if end:
            complete, rest = b"".join((rest, memoryview(block)[:end])), block[end:]
            _check_line_lengths(complete, number, limits)
            yield complete
            number += 1
        else:
            rest += block
        _check_line_lengths(rest, number, limits)
    if rest:
        yield rest


def _check_line_lengths(text: bytes, block: int, limits: Limits) -> None:
    """Measure every line only where half of the limit's length has no line end, because measuring takes long."""
    half = max(limits.line_bytes // 2, 1)
    if all(text.find(_LINE_END, start, start + half) >= 0 for start in range(0, len(text) - half, half)):
        return
    for number, line in enumerate(
        text.replace(b"\r\n", _LINE_END).replace(_RETURN, _LINE_END).split(_LINE_END), start=1
    ):
        if len(line) > limits.line_bytes:
            raise _LineTooLongError(block, number, len(line))


def _is_utf8(block: bytes) -> bool:
    """Whether a block is valid UTF-8; Arrow checks five times as fast as a decoder."""
    offsets = pa.py_buffer(np.array([0, len(block)], dtype=np.int64))
    try:
        pa.Array.from_buffers(pa.large_string(), 1, [None, offsets, pa.py_buffer(block)]).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _unmarked_utf16(sample: bytes) -> str | None:
    """UTF-16 without byte order mark, if the text that it would be is that of a table."""
    sample = sample[: len(sample) // 2 * 2]
    for encoding in ("utf-16-le", "utf-16-be"):
        text = sample.decode(encoding, errors="replace")
        is_table = len(_TABLE_TEXT.findall(text)) >= _MIN_TABLE_TEXT * len(text)
        if is_table and sample.count(0) >= _MIN_NULS * len(text):
            return encoding
    return None


def _is_big5(sample: bytes) -> bool:
    """Whether a text is Big5: its characters are common ones there, and would be mostly rare ones as GB18030."""
    sample = sample[: sample.rfind(_LINE_END) + 1] or sample
    try:
        characters = [text.encode("big5") for text in sample.decode("big5") if not text.isascii()]
    except UnicodeDecodeError:
        return False
    as_gb18030 = [text.encode("gb18030") for text in sample.decode("gb18030", errors="replace") if not text.isascii()]
    common = sum(_COMMON_IN_BIG5.fullmatch(text) is not None for text in characters)
    common_as_gb18030 = sum(_COMMON_IN_GB2312.fullmatch(text) is not None for text in as_gb18030)
    return (
        len(characters) >= _MIN_CHARACTERS
        and common >= _MIN_COMMON * len(characters)
        and common_as_gb18030 < _MAX_COMMON_IN_OTHER * len(as_gb18030)
    )


def _wide_characters(text: bytes) -> int:
    """The number of characters of three or four bytes, by their first bytes."""
    return int(np.count_nonzero(np.frombuffer(text, dtype=np.uint8) >= 0xE0))


def _gb18030_or_error(block: bytes, lines: int, wide: int, name: str) -> str:
    """GB18030, unless the text before the bad byte shows that UTF-8 was meant.

    `lines` and `wide` are the lines and the wide characters of the blocks before this one.
    """
    try:
        block.decode("utf-8")
    except UnicodeDecodeError as error:
        before = block[: error.start]
        line = lines + count_line_ends(before) + 1
        bad_byte = f"0x{block[error.start]:02x}"
        wide += _wide_characters(before)
        if name == "utf-8-sig" or wide >= _MIN_WIDE_FOR_UTF8 or (wide and not _is_gb18030(block)):
            raise FileRejectedError(Issue("invalid_encoding", bad_byte, line=line)) from error
    return "gb18030"


def _is_gb18030(block: bytes) -> bool:
    try:
        block.decode("gb18030")
    except UnicodeDecodeError:
        return False
    return True
