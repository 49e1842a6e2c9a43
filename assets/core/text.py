"""How things are written: which characters are blank, limits in full, and texts that a spreadsheet leaves alone."""

from __future__ import annotations

import re
import unicodedata
from decimal import ROUND_HALF_UP, Decimal

# What people leave around words without seeing it: also the ideographic and the no-break space, and a stray mark of
# byte order. Reference tables and files must agree on it, or a name is known to one and unknown to the other.
BLANKS = " \t\r\n　\u00a0\ufeff"
_APOSTROPHES = str.maketrans("’‘", "''")


def normalise_name(text: str) -> str:
    """A name as it is compared: one width, no blanks, one case, one apostrophe."""
    wide = unicodedata.normalize("NFKC", text).translate(_APOSTROPHES)
    return "".join(character for character in wide if character not in BLANKS).lower()


def format_number(limit: float) -> str:
    """A limit with all of its digits and no more."""
    return f"{limit:.15g}"


def format_decimal(value: float, digits: int, sign: str = "") -> str:
    """Return a value with so many decimals, rounded half away from zero: the rounding rule of everything shown.

    The decimal text of the value is rounded, not its binary form: 2.675 becomes 2.68. `sign` is "+" where a positive
    value has its sign.
    """
    rounded = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return f"{rounded:{sign},.{digits}f}"


# What makes a spreadsheet take a text for a formula, also where it converts full-width signs on the way in.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
# A figure is no formula, and neither is a dash that stands for a missing one.
_HARMLESS = re.compile(r"[+-]?[0-9][0-9,]*(\.[0-9]+)?[%‰]?|[+\-＋－]+")


def escape_formula(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe stands before it where it looks like one."""
    return f"'{text}" if _FORMULA.match(text) and not _HARMLESS.fullmatch(text) else text


def unescape_formula(text: str) -> str:
    """The text that was neutralised: what `neutralised` did, undone."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def escape_xlsx_markup(text: str) -> str:
    """A text that xlsxwriter writes as text: one between <r> and </r> is markup to it, unless a blank follows."""
    return f"{text} " if text.startswith("<r>") and text.endswith("</r>") else text
