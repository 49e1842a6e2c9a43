"""Text: names in comparable form, numbers in full, and texts that a spreadsheet must not interpret."""

from __future__ import annotations

import re
import unicodedata
from decimal import ROUND_HALF_UP, Decimal

# Shown where a value is missing.
MISSING = "—"
# Invisible characters around words: also the ideographic and the no-break space, and a byte order mark. Reference
# tables and files must agree on them, or a name of one is unknown in the other.
BLANKS = " \t\r\n　\u00a0\ufeff"
_APOSTROPHES = str.maketrans("’‘", "''")


def normalise_name(text: str) -> str:
    """Return a name in comparable form: NFKC, no blanks, lower case, one kind of apostrophe."""
    wide = unicodedata.normalize("NFKC", text).translate(_APOSTROPHES)
    return "".join(character for character in wide if character not in BLANKS).lower()


def format_number(number: float) -> str:
    """Return a number with its significant digits, 15 at the most."""
    return f"{number:.15g}"


def format_decimal(value: float, digits: int, sign: str = "") -> str:
    """Return a value with so many decimals, rounded half away from zero: the rounding rule of everything shown.

    The decimal text of the value is rounded, not its binary form: 2.675 becomes 2.68. `sign` is "+" where a positive
    value has its sign.
    """
    rounded = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return f"{rounded:{sign},.{digits}f}"


# A spreadsheet takes such a text for a formula; some convert full-width signs when they open a file.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
# A number is not a formula, nor is a dash in place of a missing number.
_HARMLESS = re.compile(r"[+-]?[0-9][0-9,]*(\.[0-9]+)?[%‰]?|[+\-＋－]+")


def escape_formula(text: str) -> str:
    """Return the text with an apostrophe before it where a spreadsheet would take it for a formula."""
    return f"'{text}" if _FORMULA.match(text) and not _HARMLESS.fullmatch(text) else text


def unescape_formula(text: str) -> str:
    """Return the text as it was before `escape_formula`."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def escape_xlsx_markup(text: str) -> str:
    """Return the text with a blank after </r>: xlsxwriter takes a text between <r> and </r> for markup."""
    return f"{text} " if text.startswith("<r>") and text.endswith("</r>") else text
