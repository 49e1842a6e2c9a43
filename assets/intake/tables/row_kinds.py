"""Kinds of rows that are no data, judged by their cells alone.

Here: notes, footers of official forms, numbers of columns, marks of continuation. Not here: headers
(assets.intake.tables.headers), and where a row stands (assets.intake.tables.detection).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Literal

RowKind = Literal["data", "blank", "header", "continuation", "note", "footer"]

_CONTINUED = re.compile(r"续表|\(续[0-9一二三四五]?\)|续$|continued")
_NOTE = re.compile(
    r"[(\[]?(?:注释?|附注|说明|备注|资料来源|数据来源|来源|单位|计量单位|制表|填报|审核|notes?|(?:data)?sources?)"
    r"[0-9一二三]*[)\]]?:|[*※▲#△]+\D"
)
# A further note: 2.本表不含省直管县
_NUMBERED_NOTE = re.compile(r"[(]?[0-9]{1,2}(?:[)][、.]?|[、.])[^0-9.].{3,}")
# The text of a footnote behind its mark, as it is in the file: ② 含新区, [2] 不含临空区
_MARKED_NOTE = re.compile(
    r"\s*(?:[†‡①-⑳⑴-⒇❶-❿]|[¹²³⁰⁴-⁹]{1,2}|[\[［【〔]注?[0-9０-９]{1,2}[\]］】〕])\s*[^\s0-9].{2,}", re.DOTALL
)
_FOOTER_LABEL = re.compile(
    r"[(]?(?:(?:单位|部门|统计|分管|主管)?(?:负责人|领导)|(?:填表|填报|制表|经办|审核|复核|审批|联系)人员?|(?:联系)?(?:电话|手机)|联系方式|传真"
    r"|(?:报出|填报|填表|制表|上报|打印|导出)(?:日期|时间)|(?:填报|制表|报送|编制)单位|(?:单位)?(?:盖章|公章|签字|签章|签名))"
    r"(?:[(](?:盖章|公章|签字|签章)[)])?[)]?(?:(?P<colon>:)(?P<value>.*))?"
)
_PAGE = re.compile(r"第?[0-9]+页(?:[,/]?共[0-9]+页)?|共[0-9]+页|[-—–]+[0-9]+[-—–]+|page[0-9]+(?:(?:of|/)[0-9]+)?")
_NUMBER = re.compile(r"[+-]?[0-9][0-9.,]*[%‰]?")
_MAX_LENGTH = 5_000
_STEMS = "甲乙丙丁戊己庚辛壬癸"
# The number of a column, which may say how it is computed: 3=1+2
_COLUMN_NUMBER = re.compile(r"[(]?(?P<number>[0-9]{1,3})[)]?(?:=[0-9+*/()-]+)?")


def plain_form(cell: str) -> str:
    """Return a cell in the form in which texts around a table are compared: half-width, without blanks, lower case.

    Of a long text the beginning: no title or note is longer, and a search in one takes too long.
    """
    return "".join(unicodedata.normalize("NFKC", cell[:_MAX_LENGTH]).split()).lower()


def is_number(cell: str) -> bool:
    """Return whether a cell in plain form is a number; a row with one is data, however it begins."""
    return _NUMBER.fullmatch(cell) is not None


def is_note(filled: Sequence[str]) -> bool:
    """Return whether filled cells in plain form are a note below a table."""
    is_first = _NOTE.match(filled[0]) or (len(filled) == 1 and _NUMBERED_NOTE.fullmatch(filled[0]))
    return bool(is_first) and not any(map(is_number, filled[1:]))


def is_marked_note(cell: str) -> bool:
    """Return whether the only filled cell of a row is the text of a footnote."""
    return _MARKED_NOTE.match(cell) is not None


def is_continuation(filled: Sequence[str], titles: frozenset[str]) -> bool:
    """Return whether filled cells in plain form are a mark of continuation, or one of the titles again."""
    is_text_or_unit = all(cell == filled[0] or _NOTE.match(cell) for cell in filled)
    return is_text_or_unit and (_CONTINUED.search(filled[0]) is not None or filled[0] in titles)


def is_footer(filled: Sequence[str]) -> bool:
    """Return whether filled cells in plain form are the end of an official form: who filled it in, seals, pages.

    The cell after a label is its value: 联系电话 | 0791-00000000.
    """
    is_value = False
    for cell in filled:
        label = _FOOTER_LABEL.fullmatch(cell)
        if label is None and not _PAGE.fullmatch(cell) and not is_value:
            return False
        is_value = label is not None and not label["value"]
    return True


def is_column_numbers(filled: Sequence[str]) -> bool:
    """Return whether filled cells in plain form number the columns: 甲 乙 1 2 3 丙, or 栏次 1 2 3."""
    cells = [cell for cell in filled if cell != "栏次" and not (len(cell) == 1 and cell in _STEMS)]
    matches = [_COLUMN_NUMBER.fullmatch(cell) for cell in cells]
    numbers = [int(match["number"]) for match in matches if match is not None]
    return len(filled) >= 2 and len(numbers) == len(cells) and numbers == list(range(1, len(numbers) + 1))
