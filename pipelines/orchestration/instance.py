"""The Dagster instance of a data directory: where its settings are, where its state goes, and opening it.

Not here: what runs on it. Importing Dagster takes seconds, so it happens only when the instance is opened.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from assets.core.data_dir_version import ensure_state_dir
from assets.core.paths import PROJECT_ROOT, Paths

if TYPE_CHECKING:
    from dagster import DagsterInstance

STATE_VARIABLE, HOME_VARIABLE, SETTINGS = "GANCHENG_DAGSTER_DIR", "DAGSTER_HOME", "dagster.yaml"


def set_up_instance(paths: Paths) -> None:
    """Tell Dagster where its settings are, and where its state goes.

    Its home is the state, with a copy of the project's settings, unless the environment names another home: Dagster
    makes folders there, and the project may be read-only.
    """
    ensure_state_dir(paths)
    folder = paths.state / "dagster"
    folder.mkdir(parents=True, exist_ok=True)
    os.environ[STATE_VARIABLE] = str(folder)
    if os.environ.setdefault(HOME_VARIABLE, str(folder)) == str(folder):
        temporary = folder / f".{SETTINGS}.{os.getpid()}"
        temporary.write_bytes((PROJECT_ROOT / SETTINGS).read_bytes())
        temporary.replace(folder / SETTINGS)


@contextmanager
def open_private_instance(paths: Paths) -> Iterator[None]:
    """While Dagster opens its storage: two processes that make it anew at one moment leave it broken for ever."""
    with (paths.state / "dagster.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def open_instance(paths: Paths) -> Iterator[DagsterInstance]:
    """The instance, until the block ends."""
    import dagster as dg

    set_up_instance(paths)
    with open_private_instance(paths):
        made = dg.DagsterInstance.get()
    with made as instance:
        yield instance
