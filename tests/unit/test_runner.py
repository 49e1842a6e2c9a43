"""What a run changes of the process that it runs in, it puts back."""

from __future__ import annotations

import gc
import logging
import sqlite3
from contextlib import suppress
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy.exc import OperationalError

from assets.core.paths import Paths
from pipelines.orchestration import retention
from pipelines.runner import prune_after_run, relaxed_gc


def test_garbage_is_sought_seldom_during_a_run_and_as_before_after_it() -> None:
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    with suppress(ZeroDivisionError), relaxed_gc():
        assert gc.get_threshold()[0] > before[0]
        assert gc.get_freeze_count() > frozen
        raise ZeroDivisionError
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0


def test_what_cannot_be_deleted_after_a_release_waits_with_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def prune(*_: object) -> None:
        raise OperationalError("delete from runs", {}, sqlite3.OperationalError("database is locked"))

    monkeypatch.setattr(retention, "prune_by_settings", prune)
    with caplog.at_level(logging.WARNING), dg.DagsterInstance.ephemeral() as instance:
        prune_after_run(Paths(tmp_path), instance)
    assert "could not be deleted: OperationalError" in caplog.text
