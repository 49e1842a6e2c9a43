"""Real runs of the real command; the slow ones are made once for all tests."""

from __future__ import annotations

import pytest

from tests.integration.places import Place, copy_countries, copy_province


@pytest.fixture(scope="session")
def province(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The shipped figures after one full run; tests read it and leave it as it is."""
    place = copy_province(tmp_path_factory.mktemp("province") / "data")
    place.run()
    return place


@pytest.fixture(scope="session")
def countries(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """The three countries after one full run; tests read it and leave it as it is."""
    place = copy_countries(tmp_path_factory.mktemp("countries") / "data")
    place.run()
    return place
