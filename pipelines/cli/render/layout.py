"""Tables and texts in the width of the terminal, in which no figure, identifier or word is broken.

Here: how wide columns are, where cells break, and records (one line for each column) where a table is too wide. Not
here: what a cell contains (the other modules of this package), and where the output goes (pipelines.cli.options).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.table import Table
from rich.text import Text

# What a line may not break: a run without spaces and Chinese characters, and the groups of "10 000". Chinese breaks
# after any character, but not before a mark.
_WIDE, _MARKS = "\u2e80-\u9fff\uf900-\ufaff\ufe30-\uffef", "，。；：、）”％"
_PIECES = re.compile(rf"(?:[^\s{_WIDE}]|(?<=\d) (?=\d{{3}}(?!\d)))+[{_MARKS}]*|[{_WIDE}][{_MARKS}]*|\s+")
# The widths to which a heading and a text may shrink, and the spaces between columns.
_LEAST_HEADING, _LEAST_TEXT, _GAPS = 6, 10, (2, 1)


def wrap(text: Text, width: int) -> Text:
    """Return the text with line breaks at the width; only a piece that is wider than a line is broken."""
    lines = [part for line in text.split("\n", allow_blank=True) for part in _wrap_line(line, width)]
    joined = Text("\n").join(lines)
    joined.no_wrap = True
    return joined


def _wrap_line(line: Text, width: int) -> list[Text]:
    breaks, used = [], 0
    for match in _PIECES.finditer(line.plain):
        piece = match[0]
        wanted, is_space = cell_len(piece), piece.isspace()
        if used and used + wanted > width and not is_space:
            breaks.append(match.start())
            used = 0
        if wanted <= width or is_space:
            used += wanted
            continue
        for position, character in enumerate(piece, start=match.start()):
            if used + cell_len(character) > width:
                breaks.append(position)
                used = 0
            used += cell_len(character)
    parts = list(line.divide(breaks))
    for part in parts[:-1]:
        part.rstrip()
    return parts


def _longest_piece(text: str) -> int:
    """Return the width of the widest part of a text that may not break."""
    return max((cell_len(piece) for piece in _PIECES.findall(text) if not piece.isspace()), default=0)


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A text that breaks in the width that it gets, as a leaf of a tree."""

    text: Text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        yield wrap(self.text, options.max_width)


@dataclass(slots=True)
class FittedTable:
    """A table that becomes records where its figures do not fit; the columns `right` are aligned to the right."""

    headings: Sequence[str]
    right: frozenset[int] = frozenset()
    title: str | None = None
    _rows: list[tuple[list[Text], str]] = field(default_factory=list)
    _sections: set[int] = field(default_factory=set)

    def add_row(self, *cells: str | Text, style: str | None = None) -> None:
        """Add a row; cells that are missing at its end are empty."""
        texts = [cell if isinstance(cell, Text) else Text(cell) for cell in cells]
        self._rows.append((texts + [Text()] * (len(self.headings) - len(texts)), style or ""))

    def add_section(self) -> None:
        """Draw a line below the rows so far."""
        self._sections.add(len(self._rows))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        for gap in _GAPS:
            widths = self._fit(options.max_width - gap * (len(self.headings) - 1))
            if widths is not None:
                yield self._table(widths, gap)
                return
        yield from self._records(options.max_width)

    def _fit(self, space: int) -> list[int] | None:
        """Return the width of each column; None where they do not fit into the space."""
        columns = [[row[position].plain for row, _ in self._rows] for position in range(len(self.headings))]
        titled = list(zip(self.headings, columns, strict=True))
        natural = [max(_longest_line(text) for text in (heading, *column)) for heading, column in titled]
        if sum(natural) <= space:
            return natural
        right = [high if position in self.right else 0 for position, high in enumerate(natural)]
        # Figures in one line with their unit or rank if possible, and headings that are not broken.
        for kept, limit in ((right, space), (right, _LEAST_HEADING), ([0] * len(right), _LEAST_HEADING)):
            least = [
                max(low, min(_longest_piece(heading), limit), min(wide, _LEAST_TEXT), *map(_longest_piece, column))
                for low, (heading, column), wide in zip(kept, titled, natural, strict=True)
            ]
            if sum(least) <= space:
                return _share(least, natural, space)
        return None

    def _table(self, widths: Sequence[int], gap: int) -> Table:
        """Return the table; its cells are broken already."""
        padding = (0, gap - 1, 0, 0)
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=padding)
        table.title, table.title_justify, table.title_style = self.title, "left", "bold"
        for position, (heading, width) in enumerate(zip(self.headings, widths, strict=True)):
            justify: Literal["left", "right"] = "right" if position in self.right else "left"
            table.add_column(wrap(Text(heading), width), justify=justify, width=width, no_wrap=True)
        for number, (cells, style) in enumerate(self._rows):
            if number in self._sections:
                table.add_section()
            table.add_row(*map(wrap, cells, widths), style=style or None)
        return table

    def _records(self, width: int) -> Iterator[RenderableType]:
        """Yield one line for each filled cell, with its heading, and an empty line between rows."""
        if self.title is not None:
            yield Text(self.title, style="bold")
        for number, (cells, style) in enumerate(self._rows):
            if number:
                yield Text()
            for heading, cell in zip(self.headings, cells, strict=True):
                if cell.plain:
                    yield wrap(Text.assemble((f"{heading}: ", "dim"), cell, style=style), width)


def _longest_line(text: str) -> int:
    return max(map(cell_len, text.split("\n")))


def _share(least: Sequence[int], natural: Sequence[int], space: int) -> list[int]:
    """Return widths from the least to the natural ones, as equal as they can be, that fill the space at most."""
    cap = bisect_right(range(space), space, key=lambda width: sum(_limit(least, natural, width))) - 1
    return _limit(least, natural, cap)


def _limit(least: Sequence[int], natural: Sequence[int], cap: int) -> list[int]:
    return [max(low, min(high, cap)) for low, high in zip(least, natural, strict=True)]


def make_table(
    headings: Iterable[str],
    right: Iterable[int] = (),
    title: str | None = None,
    rows: Iterable[Iterable[str | Text]] = (),
) -> FittedTable:
    """Return a table of rows; `right` are the positions of the columns aligned to the right."""
    table = FittedTable(list(headings), frozenset(right), title)
    for row in rows:
        table.add_row(*row)
    return table
