"""Publish the candidate of a data directory again and again, with a new mark each time, until done or killed.

A process that test_publication.py starts: `python -m tests.child_processes.publisher DATA FIRST TIMES`. It prints
`ready` before the first publication, and the number of each when it is published.
"""

from __future__ import annotations

import sys
from pathlib import Path

from assets.core.paths import Paths
from assets.warehouse.connection import Warehouse
from tests.builders.candidates import mark, release_of


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
