"""Languages, texts in both of them, and the labels of codes, columns and headings (labels.yml).

Not here: messages with a reason and a remedy (assets.core.messages), and names that are data, such as those of cities.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal, NamedTuple

Language = Literal["zh", "en"]


class Bilingual(NamedTuple):
    """The same text in Chinese and in English."""

    zh: str
    en: str

    def select(self, language: Language) -> str:
        """Return the text in one language."""
        return self.zh if language == "zh" else self.en


@cache
def labels(group: str) -> Mapping[str, Bilingual]:
    """Return the labels of a group by key; a label without languages is the same in both.

    Raises:
        KeyError: there is no such group.
    """
    return {
        key: Bilingual(text, text) if isinstance(text, str) else Bilingual(**text)
        for key, text in _read_labels()[group].items()
    }


def label(group: str, key: object, language: Language, **values: object) -> str:
    """Return one label, with values for its placeholders; the key is compared as text: a number of a table may be one.

    Raises:
        KeyError: there is no such group, or no such key in it.
    """
    text = labels(group)[str(key)].select(language)
    return text.format(**values) if values else text


@cache
def _read_labels() -> dict[str, Any]:
    from assets.core.yaml_files import read_texts

    return read_texts(files("assets.core") / "labels.yml")
