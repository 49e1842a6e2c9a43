"""From bytes to UTF-8, strictly: which encoding a file is in, and its text in blocks of whole lines.

Here: byte order marks, UTF-8 before GB18030, lines that never end. Not here: cells (assets.intake.readers.delimited).

UTF-8 is tried first, over the whole file: nearly any bytes are some GB18030 text, so a decoder that tried it first
would turn UTF-8 into other characters without an error.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa

from assets.core.errors import Issue
from assets.core.settings import Limits

BLOCK_BYTES = 16 << 20
_LINE_END = b"\n"
_LINE_FEED = ord(_LINE_END)
# So many characters of three bytes are no accident: the file is UTF-8, and one of its bytes is broken.
_CERTAINLY_UTF8 = 8


class FileRejectedError(Exception):
    """The file as a whole cannot be taken in; `finding` says why and what to do."""

    def __init__(self, *issues: Issue) -> None:
        self.issues = issues
        super().__init__("; ".join(issue.reason("en") for issue in issues))


def count_line_ends(text: bytes) -> int:
    """How many physical lines end in the text: at \\r\\n, at \\n, and at a lone \\r as on an old Macintosh."""
    returns = b"\r" in text
    return count_line_feeds(text) + (text.count(b"\r") - text.count(b"\r\n") if returns else 0)


def count_line_feeds(text: bytes) -> int:
    """How many there are: numpy counts them ten times as fast as `bytes.count`, which stops at each."""
    return int(np.count_nonzero(np.frombuffer(text, dtype=np.uint8) == _LINE_FEED))


def detect_encoding(file: Path, limits: Limits) -> str:
    """The name of the encoding: utf-8-sig, utf-16, utf-8 or gb18030. Raises FileRefused where it is none of them."""
    with file.open("rb") as stream:
        start = stream.read(4)
    if start.startswith(codecs.BOM_UTF8):
        name = "utf-8-sig"
    elif start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    else:
        name = "utf-8"
    wide = 0
    for number, block in enumerate(_byte_blocks(file, limits)):
        if block.isascii():
            continue
        if not _is_utf8(block):
            return _other_than_utf8(block, _lines_before(file, name, limits, number), wide, name)
        wide = wide if wide >= _CERTAINLY_UTF8 else wide + _wide_characters(block)
    return name


def read_utf8_blocks(file: Path, encoding: str, limits: Limits) -> Iterator[bytes]:
    """The text as UTF-8 without its mark, in blocks that end where a line does. Raises FileRefused at a bad byte."""
    for number, block in enumerate(_blocks(file, encoding, limits)):
        text = block.removeprefix(codecs.BOM_UTF8) if number == 0 else block
        if encoding == "gb18030":
            try:
                text = text.decode("gb18030").encode()
            except UnicodeDecodeError as error:
                line = _lines_before(file, encoding, limits, number) + count_line_ends(text[: error.start]) + 1
                raise FileRejectedError(
                    Issue("unsupported_encoding", f"0x{text[error.start]:02x}", line=line)
                ) from error
        if b"\0" in text:
            line = _lines_before(file, encoding, limits, number) + count_line_ends(text[: text.index(b"\0")]) + 1
            raise FileRejectedError(Issue("file_has_nul", line=line))
        yield text


def _blocks(file: Path, encoding: str, limits: Limits) -> Iterator[bytes]:
    return _utf16_blocks(file, limits) if encoding == "utf-16" else _byte_blocks(file, limits)


def _lines_before(file: Path, encoding: str, limits: Limits, number: int) -> int:
    """The lines of the blocks before this one, counted by reading them once more.

    Only a fault asks for them: to count them on the way takes as long as to look for the faults.
    """
    return sum(count_line_ends(block) for block in islice(_blocks(file, encoding, limits), number))


def _byte_blocks(file: Path, limits: Limits) -> Iterator[bytes]:
    with file.open("rb") as stream:
        try:
            yield from _whole_lines(iter(lambda: stream.read(BLOCK_BYTES), b""), limits)
        except _LineTooLong as fault:
            raise fault.told(_lines_before(file, "utf-8", limits, fault.block), limits) from fault


def _utf16_blocks(file: Path, limits: Limits) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder("utf-16")("strict")

    def decoded() -> Iterator[bytes]:
        lines = 0
        with file.open("rb") as stream:
            while True:
                block = stream.read(BLOCK_BYTES)
                try:
                    text = decoder.decode(block, final=not block).encode()
                except UnicodeDecodeError as error:
                    readable = error.object[: error.start].decode(error.encoding).encode()
                    line = lines + count_line_ends(readable) + 1
                    raise FileRejectedError(Issue("unsupported_encoding", "UTF-16", line=line)) from error
                if text:
                    yield text
                    lines += count_line_ends(text)
                if not block:
                    return

    try:
        yield from _whole_lines(decoded(), limits)
    except _LineTooLong as fault:
        raise fault.told(_lines_before(file, "utf-16", limits, fault.block), limits) from fault


class _LineTooLong(Exception):
    """A line of so many bytes, and where it is: in which block, and which of its lines."""

    def __init__(self, block: int, line: int, size: int) -> None:
        self.block, self.line, self.size = block, line, size
        super().__init__()

    def told(self, lines_before: int, limits: Limits) -> FileRejectedError:
        return FileRejectedError(
            Issue("line_too_long", str(self.size), str(limits.line_bytes), line=lines_before + self.line)
        )


def _whole_lines(blocks: Iterator[bytes], limits: Limits) -> Iterator[bytes]:
    """The same bytes, cut after line ends. Raises _LineTooLong at one above the limit, before it fills the memory."""
    rest, number = b"", 0
    for block in blocks:
        end = block.rfind(_LINE_END) + 1
        if end:
            whole, rest = b"".join((rest, memoryview(block)[:end])), block[end:]
            _no_line_is_too_long(whole, number, limits)
            yield whole
            number += 1
        else:
            rest += block
        _no_line_is_too_long(rest, number, limits)
    if rest:
        yield rest


def _no_line_is_too_long(text: bytes, block: int, limits: Limits) -> None:
    """Looked at closely only where half a limit's length has no line end: a look at every line would cost more."""
    half = max(limits.line_bytes // 2, 1)
    if all(text.find(_LINE_END, start, start + half) >= 0 for start in range(0, len(text) - half, half)):
        return
    for number, line in enumerate(text.split(_LINE_END), start=1):
        if len(line) > limits.line_bytes:
            raise _LineTooLong(block, number, len(line))


def _is_utf8(block: bytes) -> bool:
    """Arrow checks five times as fast as a decoder that makes the text."""
    offsets = pa.py_buffer(np.array([0, len(block)], dtype=np.int64))
    try:
        pa.Array.from_buffers(pa.large_string(), 1, [None, offsets, pa.py_buffer(block)]).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _wide_characters(text: bytes) -> int:
    """How many characters of three or four bytes there are in UTF-8: as many as bytes that begin one."""
    return int(np.count_nonzero(np.frombuffer(text, dtype=np.uint8) >= 0xE0))


def _other_than_utf8(block: bytes, lines: int, wide: int, name: str) -> str:
    """GB18030, unless the text before the bad byte shows that UTF-8 was meant: in it, or in earlier blocks (`wide`)."""
    try:
        block.decode("utf-8")
    except UnicodeDecodeError as error:
        before = block[: error.start]
        line = lines + count_line_ends(before) + 1
        bad = f"0x{block[error.start]:02x}"
        wide += _wide_characters(before)
        if name == "utf-8-sig" or wide >= _CERTAINLY_UTF8 or (wide and not _is_gb18030(block)):
            raise FileRejectedError(Issue("invalid_encoding", bad, line=line)) from error
    return "gb18030"


def _is_gb18030(block: bytes) -> bool:
    try:
        block.decode("gb18030")
    except UnicodeDecodeError:
        return False
    return True
