"""Numbers of which a file holds the text that its cell shows, as `.ods` does: which text is read.

Here: the comparison of a stored number with its shown text. Not here: number formats as codes
(assets.intake.readers.number_formats), where a file keeps both (assets.intake.readers.ods).
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from assets.intake.readers.number_formats import HIDDEN, OTHER_NUMBER, SCALES, Shown, find_scale
from assets.intake.readers.raw_rows import CellProblem

_NUMBER = re.compile(r"[0-9](?:[0-9]|[,\s  '’](?=[0-9]{3}))*(?:\.[0-9]+)?(?:[Ee][+-]?[0-9]+)?|\.[0-9]+")
_CHINESE_DIGITS = re.compile("[〇零一二三四五六七八九十百千万亿点壹贰叁肆伍陆柒捌玖拾佰仟負负-]+")
_MINUS = "-−－"
_YUAN = ("¥", "￥", "CN¥")
_PERCENT = "%"


def compare(stored: str, shown: str) -> Shown:
    """Return a number, stored with at most 15 significant digits, as it is shown; rounding takes no digits from it."""
    text = shown.strip()
    if not text:
        return Shown(stored, CellProblem(HIDDEN, "", stored))
    match = _NUMBER.search(text)
    if match is None:
        is_same = _CHINESE_DIGITS.fullmatch(text) is not None
        return Shown(stored, None if is_same and text != "-" else CellProblem(OTHER_NUMBER, shown, stored))
    before, after = text[: match.start()].strip(), text[match.end() :].strip()
    is_negative = before.startswith(tuple(_MINUS)) or (before.endswith(("(", "（")) and after.startswith((")", "）")))
    if is_negative:
        before, after = before.lstrip(_MINUS).rstrip("(（").strip(), after.lstrip(")）").strip()
    power = 2 if after.startswith(_PERCENT) else -SCALES.get(find_scale(after), 0)
    # A format may only append a unit to the number; then stored and shown number are the same.
    for candidate in (power, 0) if power != 2 else (2,):
        number = Decimal(stored).scaleb(candidate)
        if _is_rounded(number, match[0], is_negative=is_negative):
            digits = f"{number:f}"
            digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
            if before in _YUAN:
                before, after = "", after or "元"
            return Shown(f"{before}{digits}{after}")
    # A percent sign that is only written behind the number.
    if power == 2 and _is_rounded(Decimal(stored), match[0], is_negative=is_negative):
        return Shown(f"{before}{stored}{after}")
    return Shown(stored, CellProblem(OTHER_NUMBER, shown, stored))


def _is_rounded(number: Decimal, shown: str, *, is_negative: bool) -> bool:
    """Whether digits show a number, at most rounded in their last place."""
    try:
        value = Decimal(re.sub(r"[,\s  '’]", "", shown))
    except InvalidOperation:
        return False
    value = -value if is_negative else value
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    return abs(number - value) <= Decimal(1).scaleb(exponent) / 2
