"""docs/messages.md lists every message there is, word for word."""

from __future__ import annotations

import re

from assets.core.errors import MESSAGES
from assets.core.paths import PROJECT_ROOT

_ROW = re.compile(r"^\| `(\w+)` \| (.*) \| (.*) \| (.*) \| (.*) \|$", re.MULTILINE)


def test_the_page_lists_every_message_word_for_word() -> None:
    page = (PROJECT_ROOT / "docs" / "messages.md").read_text(encoding="utf-8")
    listed = {code: texts for code, *texts in _ROW.findall(page)}
    assert listed == {
        code: [message.reason_zh, message.remedy_zh, message.reason_en, message.remedy_en]
        for code, message in MESSAGES.items()
    }
