"""How things are written: which characters are blank, and limits in full."""

from __future__ import annotations

# What people leave around words without seeing it: also the ideographic and the no-break space, and a stray mark of
# byte order. Reference tables and files must agree on it, or a name is known to one and unknown to the other.
BLANKS = " \t\r\n　\u00a0\ufeff"


def without_blanks(text: str) -> str:
    """A name as it is compared: without blanks, whatever its case."""
    return "".join(character for character in text if character not in BLANKS).lower()


def shown(limit: float) -> str:
    """A limit with all of its digits and no more."""
    return f"{limit:.15g}"
