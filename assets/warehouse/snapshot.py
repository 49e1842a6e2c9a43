"""A copy of the candidate's file, which another process reads while the run continues to write.

Here: the copy. Not here: its use (assets.quality, assets.release).
"""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

from assets.warehouse.connection import Connection, database_file

# Its exit code is the error number of the system, if it fails with one.
_COPY = """
import shutil, sys
try:
    shutil.copyfile(*sys.argv[1:])
except OSError as error:
    sys.exit(error.errno or 255)
"""


def write_snapshot(connection: Connection, target: Path) -> None:
    """Copy the database file of a connection, with everything that was committed. Raises OSError.

    A separate process copies: closing a file releases every lock of the process on it, also the one of DuckDB.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    connection.execute("checkpoint")
    exit_code = subprocess.run(
        [sys.executable, "-c", _COPY, str(database_file(connection)), str(target)], check=False
    ).returncode
    if exit_code in errno.errorcode:
        raise OSError(exit_code, os.strerror(exit_code), str(target))
    assert exit_code == 0, f"the copy of the candidate ended with {exit_code}"
