"""Units and areas of figures in English, where a person reads English. Not here: the words (reference.terms)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assets.core.i18n import Language
from assets.release.read.reader import Release

_WORDS = ("unit", "scope")


def translate_words(release: Release, content: Any, language: Language) -> Any:
    """Return rows, or structures of rows, with English units and areas; in Chinese as they are."""
    if language == "zh":
        return content
    rows = release.rows("from reference.terms select kind, term, name_en")
    return _translate(content, {(row["kind"], row["term"]): row["name_en"] for row in rows})


def _translate(content: Any, words: Mapping[tuple[str, str], str]) -> Any:
    if isinstance(content, list | tuple):
        return [_translate(item, words) for item in content]
    if isinstance(content, dict):
        return {
            name: words.get((name, value), value)
            if name in _WORDS and isinstance(value, str)
            else _translate(value, words)
            for name, value in content.items()
        }
    return content
