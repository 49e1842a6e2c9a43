"""Gaps: the reasons that offices write instead of a figure, such as 不适用 or 保密.

Here: the reasons and the words for them. Not here: words and signs that only say that there is no figure, such as 无 or
a dash (assets.intake.values.cell_parsers).
"""

from __future__ import annotations

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
_WORDS: dict[GapReason, str] = {
    "not_applicable": "不适用 不涉及 不涉及此项 无此项 无此项指标 无此类 不具备",
    "not_collected": "未统计 不统计 未开展统计 未纳入统计 未监测 未调查 未采集 无统计 无统计数据 未掌握 无法统计",
    "not_carried_out": "未开展 未实施 未启动 未开工 未建设 尚未开展 尚未实施 未组织",
    "confidential": "保密 涉密 不公开 不宜公开 不便公开 不予公开 内部数据 依法不公开",
    "pending": "暂缺 缺 待补 待报 待定 待核 待核实 待统计 待审核 待公布 待反馈 数据待补 未公布 尚未公布 暂未公布 "
    "暂未统计 核实中 统计中 审核中",
    "below_unit": "不足最小单位 不足本表最小单位 不足本表最小单位数 不足一个单位 不足1个单位",
    "unexplained": "* ** *** × ×× ×××",
    "confirmed_zero": "零报告 零上报 零申报",
}
GAP_REASONS = tuple(_WORDS)
_REASON_OF = {word: reason for reason, words in _WORDS.items() for word in words.split()}
_BRACKETS = '()（）[]【】〔〕“”"'


def parse_gap(cell: str) -> GapReason | None:
    """Return the reason that a cell gives for the lack of a figure, with or without brackets; None for other texts."""
    text = remove_invisible(cell).strip(BLANKS).strip(_BRACKETS).lower()
    return _REASON_OF.get(text)
