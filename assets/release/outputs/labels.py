"""The words for what the tables state in codes, in Chinese and in English: one for page, workbook and terminal.

Not here: names and texts of the data, headings, and what a status looks like.
"""

from __future__ import annotations

Words = tuple[str, str]

OPERATORS = {">=": "≥", ">": ">", "<=": "≤", "<": "<", "=": "=", "about": "≈"}
QUALIFIERS = {"at_least": "≥", "about": "≈", "under": "<"}

STATUSES: dict[str, Words] = {
    "achieved": ("已达到", "achieved"),
    "achieved_declining": ("已达到·倒退", "achieved, declining"),
    "on_track": ("按期推进", "on track"),
    "moderate": ("进展一般", "moderate"),
    "limited": ("进展有限", "limited"),
    "deteriorating": ("倒退", "deteriorating"),
    "not_available": ("无法判断", "not available"),
    "no_target": ("无目标", "no target"),
}
# Only the first two are duties; the rest must never read like one.
TARGET_AUTHORITIES: dict[str, Words] = {
    "policy_city": ("本市目标", "target of the city"),
    "policy_province": ("省定目标", "target of the province"),
    "national": ("国家参照，非本市任务", "national, not a duty of the city"),
    "standard": ("标准，参照", "standard, a reference"),
    "expired": ("已过期，仅作基准", "expired, a benchmark only"),
    "none": ("无目标", "no target"),
}
DATA_STATUSES: dict[str, Words] = {
    "awaiting_data": ("待报数据", "awaiting data"),
    "stale": ("陈旧", "stale"),
    "no_goalposts": ("无标尺", "no scale"),
    "context": ("背景", "context"),
}
SCORE_STATUSES: dict[str, Words] = {
    "scored": ("已评分", "scored"),
    "not_available": ("覆盖不足", "too few data"),
    "awaiting_data": ("待报数据", "awaiting data"),
    "no_target": ("无目标", "no target"),
}
RULES: dict[str, Words] = {"linear": ("线性", "linear"), "compound": ("复合", "compound")}
SEVERITIES: dict[str, Words] = {
    "approved": ("已放行", "approved"),
    "blocking": ("扣留", "held back"),
    "warning": ("警告", "warning"),
    "note": ("提示", "note"),
}
DIRECTIONS: dict[int, Words] = {1: ("越高越好", "higher is better"), -1: ("越低越好", "lower is better")}
CLASSES: dict[str, Words] = {
    "target": ("目标", "target"),
    "standard": ("标准", "standard"),
    "natural_limit": ("自然极限", "natural limit"),
    "best_performers": ("先进水平", "best performers"),
}
KINDS: dict[str, Words] = {
    "yearbook": ("年鉴", "yearbook"),
    "bulletin": ("公报", "bulletin"),
    "census": ("普查", "census"),
    "plan": ("规划", "plan"),
    "standard": ("标准", "standard"),
    "press": ("新闻", "press"),
    "dataset": ("数据集", "dataset"),
}
LEVELS: dict[str, Words] = {"index": ("城市指数", "City index"), "dimension": ("维度", "Dimension")}
