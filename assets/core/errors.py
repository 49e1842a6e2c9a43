"""Errors for the person who must act: what is wrong, where, what was expected, and what to do.

Here: one issue and the exceptions that carry issues. Not here: the texts (assets.core.messages), and errors of the
system such as a full disk (pipelines.observability.system_errors).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assets.core.i18n import Bilingual, Language
from assets.core.messages import get_message
from assets.core.text import escape_control


@dataclass(frozen=True, slots=True)
class Issue:
    """One problem in the data, the settings or a call.

    `code` is a key of the message catalogue; `actual` and `expected` fill its templates, in English `expected_en` where
    it is given. `file` is relative to the folder that the user knows, `line` counts physical lines or rows of the sheet
    from 1, `column` is its header.
    """

    code: str
    actual: str = ""
    expected: str = ""
    file: str | None = None
    line: int | None = None
    column: str | None = None
    sheet: str | None = None
    expected_en: str = ""

    def reason(self, language: Language) -> str:
        """Return what is wrong."""
        return self._fill(get_message(self.code).reason, language)

    def remedy(self, language: Language) -> str:
        """Return what to do about it."""
        message = get_message(self.code)
        return self._fill(message.full_remedy if self.expected else message.remedy, language)

    def where(self, language: Language) -> str:
        """Return file, sheet, line and column as far as known; an empty text where nothing is."""
        words = ("工作表 {}", "第 {} 行", "列 {}") if language == "zh" else ("sheet {}", "line {}", "column {}")
        places = (self.sheet, self.line, self.column)
        parts = [self.file, *(word.format(place) for word, place in zip(words, places, strict=True) if place)]
        return ", ".join(part for part in parts if part)

    def __str__(self) -> str:
        place = f"{where}: " if (where := self.where("en")) else ""
        return escape_control(f"{place}{self.reason('en')}. {self.remedy('en')}")

    def _fill(self, template: Bilingual, language: Language) -> str:
        expected = Bilingual(self.expected, self.expected_en or self.expected).select(language)
        return template.select(language).replace("{expected}", expected).replace("{actual}", self.actual)


class IssueError(Exception):
    """Something that a person must fix, with an issue for each place."""

    def __init__(self, issues: Sequence[Issue]) -> None:
        self.issues = tuple(issues)
        super().__init__("\n".join(map(str, self.issues)))


class DataError(IssueError):
    """The data or the registry must be corrected before the run can go on; the current release stays as it is."""


class UsageError(IssueError):
    """A command was called for something that does not exist or cannot be done, such as an unknown city."""

    def __init__(self, issue: Issue, *others: Issue) -> None:
        self.issue = issue
        super().__init__([issue, *others])
