"""The Dagster instance of a data directory: its settings, its state, and opening it.

What belongs here: the environment that Dagster's processes read. What does not: what runs on the instance. Importing
Dagster takes seconds, so it happens only when the instance is opened.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from assets.core.data_dir_version import ensure_state_dir
from assets.core.files import write_atomically
from assets.core.paths import DATA_DIR_VARIABLE, SHIPPED, Paths

if TYPE_CHECKING:
    from dagster import DagsterInstance

HOME_VARIABLE, SETTINGS = "DAGSTER_HOME", "dagster.yaml"
# Set to 1, schedules and sensors run without a person starting them; `gancheng serve` sets it.
AUTOMATIC_VARIABLE = "GANCHENG_AUTOMATIC"


def is_automatic() -> bool:
    """Whether schedules and sensors run without a person starting them."""
    return os.environ.get(AUTOMATIC_VARIABLE) == "1"


def instance_environment(paths: Paths) -> dict[str, str]:
    """Prepare Dagster's home, and return the variables that a process of Dagster needs.

    The home is the state of the data directory with a copy of the project's dagster.yaml, unless the environment names
    another one: Dagster creates folders in its home, and the project may be read-only.
    """
    ensure_state_dir(paths)
    home = os.environ.get(HOME_VARIABLE)
    if not home:
        folder = paths.state / "dagster"
        write_atomically(folder / SETTINGS, (SHIPPED / SETTINGS).read_bytes())
        home = str(folder)
    return {DATA_DIR_VARIABLE: str(paths.data), HOME_VARIABLE: home}


@contextmanager
def open_instance(paths: Paths) -> Iterator[DagsterInstance]:
    """Open the instance until the block ends."""
    import dagster as dg

    variables = instance_environment(paths)
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        with dg.DagsterInstance.get() as instance:
            yield instance
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
