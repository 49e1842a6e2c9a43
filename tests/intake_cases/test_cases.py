"""The case files: no figure is taken that a person would not read, no row is lost, and most files are read."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.builders.inbox import Shipped
from tests.intake_cases.grade import Graded, grade_case, read_cases

NAMES = [case.name for case in read_cases()]
MIN_RIGHT = 106


@pytest.fixture(scope="module")
def graded(shipped: Shipped) -> dict[str, Graded]:
    return {case.name: grade_case(case, shipped) for case in read_cases()}


@pytest.mark.parametrize("name", NAMES)
def test_a_case_gets_an_outcome_that_a_person_would_expect(graded: dict[str, Graded], name: str) -> None:
    entry = graded[name]
    assert entry.is_allowed, (entry.grade, entry.why)
    assert entry.grade in ("right", "refused"), entry.why


def test_most_cases_are_read_as_a_person_reads_them(graded: dict[str, Graded]) -> None:
    assert Counter(entry.grade for entry in graded.values())["right"] >= MIN_RIGHT


def test_every_refusal_says_what_to_do_in_both_languages(graded: dict[str, Graded]) -> None:
    errors = [error for entry in graded.values() if entry.result for error in entry.result.errors]
    assert all(error.reason(language) and error.remedy(language) for error in errors for language in ("zh", "en"))
