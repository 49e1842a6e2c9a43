"""Text: names in comparable form, similar names, numbers in full, and texts that no program must interpret.

Here: what a spreadsheet would take for a formula, and what a terminal would take for a command. Not here: names of
files (assets.core.inbox_files).
"""

from __future__ import annotations

import difflib
import heapq
import re
import unicodedata
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

# Shown where a value is missing.
MISSING = "—"
# Characters without width that copying from pages and documents leaves behind. The overrides of direction (U+202D,
# U+202E) are not among them: the digits after one are seen in another order.
_INVISIBLE_CODES = (
    *(0xAD, 0x61C, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202D), *range(0x2060, 0x2065)),
    *(*range(0x2066, 0x206A), 0xFEFF),
)
INVISIBLE = "".join(map(chr, _INVISIBLE_CODES))
_ODD_SPACES = "".join(map(chr, (0xA0, *range(0x2000, 0x200B), 0x202F, 0x205F)))
# What does not count around words. Reference tables and files must agree on it, or a name of one is unknown in the
# other.
BLANKS = f" \t\r\n　{_ODD_SPACES}{INVISIBLE}"
_WITHOUT_INVISIBLE, _WITHOUT_BLANKS = str.maketrans("", "", INVISIBLE), str.maketrans("", "", BLANKS)
# What steers a terminal or a page, or cannot be written as UTF-8: control characters, line and paragraph separators,
# embeddings, overrides and isolates of direction, and halves of surrogate pairs.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# What some programs end a line with, and no editor or Excel does: U+2028, U+2029, U+0085, vertical tab, form feed.
_ODD_LINE_END = re.compile("[\u2028\u2029\x85\x0b\x0c\x1c-\x1e]")
# Below it a suggestion misleads: two of three characters are the same, but not one of two.
MIN_SIMILARITY = 0.6
_MAX_COMPARED = 10
_HAN, _DIGITS = re.compile("[\u3400-\u9fff]"), re.compile("[0-9.]+")
_PER_HEAD = ("人均", "每")
_APOSTROPHES = str.maketrans("’‘", "''")
# 120①, 南昌市*, 43.2%[2], 绿道长度（注1）; a raised digit only where it can be no power of a unit, as in 平方米² or m².
_FOOTNOTE_MARK = re.compile(
    r"(?<=[^\s])\s*(?:[*＊†‡※★☆]+|[①-⑳⑴-⒇㈠-㈩❶-❿]|(?<=[0-9０-９市县区])[¹²³⁰⁴-⁹]+"
    r"|[\[［【〔](?:注?[0-9０-９]{1,2}|注)[\]］】〕]|[(（]注[0-9０-９]{0,2}[)）]|注[0-9０-９①-⑨]{1,2}|(?<=[0-9０-９])注)+$"
)


def normalise_name(text: str) -> str:
    """Return a name in comparable form: NFKC, no blanks, lower case, one kind of apostrophe."""
    return unicodedata.normalize("NFKC", text).translate(_APOSTROPHES).translate(_WITHOUT_BLANKS).lower()


def split_footnote_mark(text: str) -> tuple[str, str]:
    """Return a text without the mark of a footnote behind it, and the mark."""
    match = _FOOTNOTE_MARK.search(text)
    return (text, "") if match is None else (text[: match.start()], match[0].strip())


def find_odd_line_end(text: str) -> str | None:
    """Return the first line end of a text that is none to an editor, as U+2028."""
    match = _ODD_LINE_END.search(text)
    return f"U+{ord(match[0]):04X}" if match is not None else None


def remove_invisible(text: str) -> str:
    """Return the text without characters that nobody sees."""
    return text.translate(_WITHOUT_INVISIBLE)


def escape_control(text: str, keep: str = "\n\t") -> str:
    r"""Return the text with control characters shown as `\u001b`, as JSON has them; those in `keep` stay.

    The one way of text from files, names and errors to a terminal, a log and a message.
    """
    if text.isprintable():
        return text
    return _CONTROL.sub(lambda match: match[0] if match[0] in keep else f"\\u{ord(match[0]):04x}", text)


def odd_characters(text: str) -> list[str]:
    """Return the distinct invisible characters and odd spaces of a text, as U+200B."""
    if text.isascii():
        return []
    return [f"U+{ord(character):04X}" for character in sorted(set(text) & {*INVISIBLE, *_ODD_SPACES})]


def most_similar(text: str, names: Iterable[str]) -> str:
    """Return the name most similar to a text, of equally similar ones the first; empty where none is similar enough.

    A text that is mostly Chinese is only compared with Chinese names, another one with others, and numbers with none.
    """
    is_chinese = 2 * len(_HAN.findall(text)) > len(text)
    letters = set(text)
    candidates = [
        name
        for name in names
        # Texts of very different lengths are not similar; comparing a long one takes long.
        if 2 * min(len(name), len(text)) >= MIN_SIMILARITY * (len(name) + len(text))
        and bool(_HAN.search(name)) == is_chinese
        and not _DIGITS.fullmatch(name)
    ]
    # Comparing the names that share most characters takes a tenth of the time of comparing all.
    candidates = heapq.nlargest(_MAX_COMPARED, candidates, key=lambda name: len(letters.intersection(name)))
    ratios = {name: difflib.SequenceMatcher(None, name, text).ratio() for name in candidates}
    best = max(candidates, key=lambda name: ratios[name], default="")
    return best if best and ratios[best] >= MIN_SIMILARITY else ""


def may_be_same_measure(name: str, other: str) -> bool:
    """Return whether two names may be of one measure: a rate is no area, a figure per head no total, km are not m.

    The last word of a name says what is measured: 覆盖率 and 覆盖面积, `length_km` and `length_m`.
    """
    return _last_word(name) == _last_word(other) and name.startswith(_PER_HEAD) == other.startswith(_PER_HEAD)


def _last_word(name: str) -> str:
    return name[-1:] if _HAN.search(name[-1:]) else name.rpartition("_")[2] if "_" in name else ""


def format_number(number: float) -> str:
    """Return a number with its significant digits, 15 at the most."""
    return f"{number:.15g}"


def format_decimal(value: float, digits: int, sign: str = "", exponent: int = 0) -> str:
    """Return a value with so many decimals, rounded half away from zero: the rounding rule of everything shown.

    The decimal text of the value is rounded, not its binary form: 2.675 becomes 2.68. `sign` is "+" where a positive
    value has its sign; a zero has none. `exponent` multiplies by a power of ten, 2 for a percentage.
    """
    rounded = Decimal(repr(float(value))).scaleb(exponent).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return f"{rounded:{sign},.{digits}f}" if rounded else f"{abs(rounded):.{digits}f}"


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
