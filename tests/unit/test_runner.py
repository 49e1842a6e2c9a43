"""What a run changes of the process that it runs in, it puts back."""

from __future__ import annotations

import gc
from contextlib import suppress

from pipelines.runner import relaxed_gc


def test_garbage_is_sought_seldom_during_a_run_and_as_before_after_it() -> None:
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    with suppress(ZeroDivisionError), relaxed_gc():
        assert gc.get_threshold()[0] > before[0]
        assert gc.get_freeze_count() > frozen
        raise ZeroDivisionError
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0
