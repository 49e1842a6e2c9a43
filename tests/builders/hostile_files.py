"""Workbooks that no Excel makes: their parts exchanged, zips that lie about themselves."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable

from tests.builders.intake_files import PARKS, park, xlsx

SHEET = "xl/worksheets/sheet1.xml"
GOOD = xlsx({"合成": [PARKS, park("南昌市"), park("九江市")]})


def with_parts(change: Callable[[dict[str, bytes]], object]) -> bytes:
    """The good workbook after `change` has done something to its parts."""
    with zipfile.ZipFile(io.BytesIO(GOOD)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return target.getvalue()


def with_sheet(old: bytes, new: bytes) -> bytes:
    """The good workbook with something exchanged in its sheet."""

    def change(parts: dict[str, bytes]) -> None:
        assert old in parts[SHEET]
        parts[SHEET] = parts[SHEET].replace(old, new)

    return with_parts(change)


def with_rows(rows: bytes) -> bytes:
    """The good workbook with other rows."""

    def change(parts: dict[str, bytes]) -> None:
        xml = parts[SHEET]
        parts[SHEET] = xml[: xml.index(b"<sheetData>") + 11] + rows + xml[xml.index(b"</sheetData>") :]

    return with_parts(change)


def bomb(megabytes: int, declared: int | None = None) -> bytes:
    """A workbook whose sheet unpacks to so many megabytes of blanks, whatever the zip declares."""
    block = b" " * (16 << 20)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    once = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    packed = once * (megabytes // 16) + zlib.compressobj(9, zlib.DEFLATED, -15).flush()
    size = declared if declared is not None else (megabytes // 16) * len(block)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive, zipfile.ZipFile(io.BytesIO(GOOD)) as good:
        for name in good.namelist():
            if name != SHEET:
                archive.writestr(name, good.read(name))
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr(SHEET, packed)
        entry = archive.getinfo(SHEET)
        entry.compress_type, entry.file_size, entry.CRC = zipfile.ZIP_DEFLATED, size, zlib.crc32(block[:size])
    content = target.getvalue()
    # The header beside the part says the same as the one at the end.
    begin = entry.header_offset
    return content[: begin + 8] + struct.pack("<H", zipfile.ZIP_DEFLATED) + content[begin + 10 :]


def locked() -> bytes:
    """The container that Excel puts around a workbook with a password: OLE, with the encrypted parts as streams."""
    sector = 512
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16)
    header += struct.pack("<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<I", 0) + b"\xff" * (sector - len(header) - 4)
    table = struct.pack("<III", 0xFFFFFFFD, 0xFFFFFFFE, 0xFFFFFFFE) + b"\xff" * (sector - 12)
    folder = b"".join(
        _ole_entry(*entry)
        for entry in (("Root Entry", 5, 1), ("EncryptionInfo", 2, -1), ("EncryptedPackage", 2, -1), ("", 0, -1))
    )
    return header + table + folder + bytes(sector)


def _ole_entry(name: str, kind: int, child: int) -> bytes:
    text = (name + "\0").encode("utf-16-le") if name else b""
    entry = struct.pack("<HBBiii", len(text), kind, 1, -1, -1, child)
    return text.ljust(64, b"\0") + entry + bytes(36) + struct.pack("<IQ", 2, 0)
