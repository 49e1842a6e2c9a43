"""`make test-fast` runs the tests of what changed."""

from __future__ import annotations

from tests.helpers.changed_tests import ALWAYS, select_tests


def test_a_test_that_imports_a_changed_module_is_selected_and_others_are_not() -> None:
    selected = select_tests(["pipelines/locks.py"])
    assert "tests/unit/test_locks.py" in selected
    assert "tests/unit/test_number_formats.py" not in selected


def test_a_test_that_imports_an_importer_of_the_changed_module_is_selected() -> None:
    assert "tests/unit/test_temp_files.py" in select_tests(["assets/core/system.py"])


def test_a_changed_test_is_selected_itself_and_a_page_selects_what_always_runs() -> None:
    assert "tests/unit/test_trend.py" in select_tests(["tests/unit/test_trend.py"])
    assert select_tests(["docs/method.md"]) == sorted(ALWAYS)
