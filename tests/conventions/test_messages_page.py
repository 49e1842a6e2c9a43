"""docs/messages.md lists every message there is, word for word."""

from __future__ import annotations

import re

from assets.core.messages import all_messages
from assets.core.paths import PROJECT_ROOT

_ROW = re.compile(r"^\| `(\w+)` \| (.*) \| (.*) \| (.*) \| (.*) \|$", re.MULTILINE)


def test_the_page_lists_every_message_word_for_word() -> None:
    page = (PROJECT_ROOT / "docs" / "messages.md").read_text(encoding="utf-8")
    listed = {code: texts for code, *texts in _ROW.findall(page)}
    assert listed == {
        code: [message.reason.zh, message.remedy.zh, message.reason.en, message.remedy.en]
        for code, message in all_messages().items()
    }
