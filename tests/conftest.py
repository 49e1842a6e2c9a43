"""Real runs of the real command; the slow ones are made once for all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from assets.warehouse.connection import connect_in_memory
from tests.builders.candidates import build_three_releases
from tests.builders.data_directories import Place, copy_countries, copy_of, copy_province
from tests.builders.inbox import Shipped

# The language of the commands must not depend on the machine that runs the tests.
os.environ["GANCHENG_LANG"] = "en"

# A loaded machine is slow; how long an example takes says nothing about the code.
settings.register_profile("gancheng", deadline=None)
settings.load_profile("gancheng")


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


@pytest.fixture(scope="session")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with three releases; tests work on a copy."""
    data = tmp_path_factory.mktemp("three")
    build_three_releases(data)
    return data


@pytest.fixture(scope="session")
def shipped() -> Iterator[Shipped]:
    """The shipped contracts with the shipped registry."""
    with connect_in_memory() as connection:
        connection.execute("set threads = 1")
        yield Shipped(connection)


@pytest.fixture
def ran(countries: Place, tmp_path: Path) -> Place:
    """The three countries after a run, to be changed."""
    return copy_of(countries, tmp_path / "data")
