"""Files of every kind of mess, taken in by the real intake with the shipped contracts and the shipped registry."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from assets.core.inbox_files import escape_path
from assets.core.settings import Limits
from tests.builders.inbox import LIMITS, Inbox, Outcome, Shipped, Take


@pytest.fixture
def new_inbox(tmp_path: Path, shipped: Shipped) -> Callable[[], Inbox]:
    inboxes: list[Inbox] = []

    def make() -> Inbox:
        inboxes.append(Inbox(tmp_path / str(len(inboxes)), shipped))
        return inboxes[-1]

    return make


@pytest.fixture
def inbox(new_inbox: Callable[[], Inbox]) -> Inbox:
    return new_inbox()


@pytest.fixture
def take(new_inbox: Callable[[], Inbox]) -> Take:
    def ingest_file(
        dataset: str, content: str | bytes, name: str = "synthetic.csv", limits: Limits = LIMITS
    ) -> Outcome:
        inbox = new_inbox()
        inbox.put(dataset, content, name)
        return inbox.outcomes(dataset, limits)[escape_path((name,))]

    return ingest_file
