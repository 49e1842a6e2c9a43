"""A copy of the candidate's file as it stands, for another process to read while the run goes on writing.

Here: the copy, in the format that older clients open. Not here: what is done with it (assets.quality, assets.release).
"""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

from assets.warehouse.connection import Connection, database_file

# It ends with the number of the system's error where there is one.
_COPY = """
import shutil, sys
try:
    shutil.copyfile(*sys.argv[1:])
except OSError as error:
    sys.exit(error.errno or 255)
"""


def write_snapshot(connection: Connection, target: Path) -> None:
    """Copy the file of the database behind a connection, with all that was committed. Raises OSError.

    In a process of its own: to close a file ends every lock that a process has on it, and DuckDB holds one.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    connection.execute("checkpoint")
    ended = subprocess.run(
        [sys.executable, "-c", _COPY, str(database_file(connection)), str(target)], check=False
    ).returncode
    if ended in errno.errorcode:
        raise OSError(ended, os.strerror(ended), str(target))
    assert ended == 0, f"the copy of the candidate ended with {ended}"
