"""One database in memory for the tests of the selects, and a world of a few rows on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assets.warehouse.connection import Connection, connect_in_memory
from tests.builders.world import World, furnished


@pytest.fixture(scope="session")
def memory() -> Iterator[Connection]:
    """One database for all tests: opening one takes longer than a test."""
    with connect_in_memory() as connection:
        connection.execute("set threads = 1")
        yield connection


@pytest.fixture
def world(memory: Connection) -> World:
    return furnished(World(memory))


@pytest.fixture(scope="session")
def any_world(memory: Connection) -> World:
    """For properties: each example furnishes it anew."""
    return World(memory)
