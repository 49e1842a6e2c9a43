"""Publishes the candidate of a data directory, marked anew each time, until it has done so often or is killed.

Run as a process of its own by test_publication.py: `python -m tests.integration.publisher DATA FIRST TIMES`. Says on
standard output `ready` before the first one, and the number of each when it is published.
"""

from __future__ import annotations

import sys
from pathlib import Path

from assets.core.paths import Paths
from assets.warehouse.connection import Warehouse
from tests.unit.candidates import mark, release_of


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(data: str, first: str, times: str) -> None:
    with Warehouse(Paths(Path(data))).connect() as connection:
        _say("ready")
        for number in range(int(first), int(first) + int(times)):
            mark(connection, number)
            release_of(connection, Path(data))
            _say(str(number))


if __name__ == "__main__":
    main(*sys.argv[1:])
