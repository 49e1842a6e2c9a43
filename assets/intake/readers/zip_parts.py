"""Parts of a zip, as `.xlsx` and `.ods` are: by name, within the limit of unpacked bytes.

Here: parts as bytes and as XML. Not here: the meaning of a part (assets.intake.readers.xlsx, ods).
"""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from xml.etree import ElementTree
from xml.parsers import expat

from assets.core.errors import Issue
from assets.core.settings import Limits
from assets.intake.readers.encoding import FileRejectedError

_BLOCK_BYTES = 1 << 18
_MAX_PARTS = 10_000
# No sheet of any size is packed so well; a part that was made to fill the memory is.
_MAX_RATIO, _MIN_RATIO_BYTES = 200, 100_000_000
_ENCRYPTED_FLAG = 0x1


class ZipParts:
    """The parts of a zip. Names are compared without regard to case and kind of slash, as Excel does."""

    def __init__(self, file: Path, limits: Limits) -> None:
        self._limits = limits
        self._unpacked = 0
        with _explained_damage():
            self._archive = zipfile.ZipFile(file)
        entries = self._archive.infolist()
        if len(entries) > _MAX_PARTS:
            raise _too_large(len(entries), _MAX_PARTS)
        if any(entry.flag_bits & _ENCRYPTED_FLAG for entry in entries):
            raise FileRejectedError(Issue("encrypted_workbook"))
        self._entries = {_normalise(entry.filename): entry for entry in entries}

    def __enter__(self) -> ZipParts:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._archive.close()

    def __contains__(self, name: str) -> bool:
        return _normalise(name) in self._entries

    def names(self) -> list[str]:
        """Return the names of all parts, in lower case."""
        return list(self._entries)

    def blocks(self, name: str) -> Iterator[bytes]:
        """Yield a part in blocks; nothing where there is no such part.

        Raises:
            FileRejectedError: the part is damaged, or all that was unpacked is above the limit.
        """
        entry = self._entries.get(_normalise(name))
        if entry is None:
            return
        size = 0
        with _explained_damage(), self._archive.open(entry) as part:
            while block := part.read(_BLOCK_BYTES):
                size += len(block)
                self._unpacked += len(block)
                if size > max(_MAX_RATIO * entry.compress_size, _MIN_RATIO_BYTES):
                    raise _too_large(size, _MAX_RATIO * entry.compress_size)
                if self._unpacked > self._limits.unpacked_bytes:
                    raise _too_large(self._unpacked, self._limits.unpacked_bytes)
                yield block

    def tree(self, name: str) -> ElementTree.Element | None:
        """Return a small part as a tree of elements without namespaces; None where there is no such part."""
        if name not in self:
            return None
        builder = ElementTree.TreeBuilder()
        parser = XmlParser(builder.start, builder.end, builder.data)
        for block in self.blocks(name):
            parser.feed(block)
        parser.finish()
        return builder.close()


class XmlParser:
    """Expat without namespaces and entities: each name is its part behind the colon."""

    def __init__(
        self,
        start: Callable[[str, dict[str, str]], object],
        end: Callable[[str], object],
        text: Callable[[str], object],
    ) -> None:
        def start_local(tag: str, attributes: dict[str, str]) -> None:
            start(tag.rpartition(":")[2] if ":" in tag else tag, attributes)

        def end_local(tag: str) -> None:
            end(tag.rpartition(":")[2] if ":" in tag else tag)

        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = start_local
        self._parser.EndElementHandler = end_local
        self._parser.CharacterDataHandler = text
        self._parser.EntityDeclHandler = _refuse_entity

    def feed(self, block: bytes) -> None:
        """Parse a block."""
        self._parse(block, False)

    def finish(self) -> None:
        """End the document."""
        self._parse(b"", True)

    def _parse(self, block: bytes, is_last: bool) -> None:
        try:
            self._parser.Parse(block, is_last)
        except expat.ExpatError as error:
            raise FileRejectedError(Issue("workbook_unreadable", f"XML: {error}")) from error


def _refuse_entity(*_: object) -> None:
    raise FileRejectedError(Issue("workbook_unreadable", "XML: <!ENTITY>"))


def _too_large(size: int, limit: int) -> FileRejectedError:
    return FileRejectedError(Issue("workbook_too_large", str(size), str(limit)))


def _normalise(name: str) -> str:
    return posixpath.normpath(name.replace("\\", "/")).lstrip("/").lower()


@contextmanager
def _explained_damage() -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        raise FileRejectedError(Issue("workbook_unreadable", str(error))) from error
