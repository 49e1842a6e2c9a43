"""The catalogue of messages that a person must act upon: `*.yml`, one file for each kind of problem.

A message has a reason and a remedy in Chinese and in English, and maybe a suggestion that comes before the remedy where
something similar is known. Templates contain `{actual}` and `{expected}` and no
other placeholder, because SQL fills them as well. Not here: which code stops what, and filling a template
(assets.core.errors); labels (assets.core.i18n).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from assets.core.i18n import Bilingual


@dataclass(frozen=True, slots=True)
class Message:
    """The templates of one message: what is wrong, and what to do.

    `suggestion` contains `{expected}` and is left out where that is empty; then `remedy` must be enough.
    """

    reason: Bilingual
    remedy: Bilingual
    suggestion: Bilingual | None = None

    @property
    def full_remedy(self) -> Bilingual:
        """The remedy with the suggestion before it."""
        if self.suggestion is None:
            return self.remedy
        return Bilingual(f"{self.suggestion.zh}；{self.remedy.zh}", f"{self.suggestion.en}; {self.remedy.en}")


def get_message(code: str) -> Message:
    """Return the message of a code.

    Raises:
        KeyError: the catalogue has no such code.
    """
    messages = all_messages()
    if code not in messages:
        raise KeyError(f"unknown message code: {code}")
    return messages[code]


@cache
def all_messages() -> Mapping[str, Message]:
    """Return the whole catalogue by code. It is read when the first message is needed, once per process."""
    return read_messages(files(__name__))


def read_messages(folder: Traversable) -> dict[str, Message]:
    """Return the messages of all YAML files of a folder by code.

    Raises:
        ValueError: a code occurs twice, or its message is incomplete.
    """
    from assets.core.yaml_files import read_texts

    messages: dict[str, Message] = {}
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".yml"):
            continue
        for code, texts in read_texts(file).items():
            if code in messages:
                raise ValueError(f"{file.name}: duplicate message code {code}")
            messages[code] = _to_message(code, texts, file.name)
    return messages


def _to_message(code: str, texts: Any, file_name: str) -> Message:
    try:
        return Message(**{field: Bilingual(**text) for field, text in texts.items()})
    except (AttributeError, TypeError) as error:
        raise ValueError(
            f"{file_name}: {code} needs reason and remedy, each in zh and en; it may have a suggestion"
        ) from error
