"""Gaps: the reasons that offices write instead of a figure, such as 不适用 or 保密.

Here: the reasons and the words for them. Not here: words and signs that only say that there is no figure, such as 无 or
a dash (assets.intake.values.cell_parsers).
"""

from __future__ import annotations

import re
from typing import Literal

from assets.core.text import BLANKS, remove_invisible

GapReason = Literal[
    "not_applicable",
    "not_collected",
    "not_carried_out",
    "confidential",
    "pending",
    "below_unit",
    "unexplained",
    "confirmed_zero",
]
# The only reason that is a figure: the office reports that there was nothing to count.
CONFIRMED_ZERO: GapReason = "confirmed_zero"
# In this order, because 暂未统计 is pending and 未开展统计 is not collected. A report of zero must be nothing else.
_WORDS: dict[GapReason, str] = {
    "not_applicable": "不适用|不涉及|无此[项类]|不具备",
    "confidential": "保密|涉密|不[予宜便]?公开",
    "pending": "^缺$|暂缺|暂未|未公布|未上?报|待[补报定核审统公反确更]|[统核审][计实核]中|正在[统核审]",
    "not_collected": "[未不无]法?(?:纳入|列入|进行|开展|予以)?(?:统计|监测|调查|采集|掌握)",
    "not_carried_out": "未(?:开展|实施|启动|开工|建设|组织|举办)",
    "below_unit": "不足.{0,4}单位",
    "unexplained": "^[*＊×]+$",
    "confirmed_zero": "^零(?:报告|上报|申报)$",
}
GAP_REASONS = tuple(_WORDS)
# A longer text is a remark, a digit may be a figure, and 见备注 says that there is one elsewhere.
_MAX_LENGTH = 15
_MORE_THAN_A_REASON = re.compile("[0-9０-９见详]")
_BRACKETS = '()（）[]【】〔〕“”"'


def parse_gap(cell: str) -> GapReason | None:
    """Return the reason that a cell gives for the lack of a figure, with or without brackets; None for other texts."""
    text = remove_invisible(cell).strip(BLANKS).strip(_BRACKETS)
    if len(text) > _MAX_LENGTH or _MORE_THAN_A_REASON.search(text):
        return None
    return next((reason for reason in GAP_REASONS if re.search(_WORDS[reason], text)), None)
