"""Takes from Python what Windows has not, in this process and in every one that it starts.

What stays is what the standard library itself uses here (SIGKILL), and filelock, which has a lock of its own for
Windows.
"""

import os
import pathlib
import signal
import stat
import sys

import filelock  # noqa: F401

for module in ("fcntl", "grp", "pwd", "resource", "termios"):
    sys.modules[module] = None  # type: ignore[assignment]
for name in ("chown", "fchmod", "fork", "geteuid", "getpgid", "getuid", "killpg", "mkfifo", "setsid", "symlink"):
    if hasattr(os, name):
        delattr(os, name)
for name in ("O_DIRECTORY", "O_NOFOLLOW", "O_NONBLOCK"):
    delattr(os, name)
del signal.SIGXCPU
os.supports_dir_fd = set()
os.supports_effective_ids = set()


def _refuse(*_arguments: object, **_options: object) -> None:
    raise NotImplementedError("symbolic links need a right that most users of Windows do not have")


pathlib.Path.symlink_to = _refuse  # type: ignore[method-assign, assignment]


def _stat(path: pathlib.Path, *, follow_symlinks: bool = True) -> os.stat_result:
    """Return the state of a path; a folder is open to everybody, whatever chmod was asked for."""
    found = os.stat(path, follow_symlinks=follow_symlinks)
    mode = found.st_mode | (0o777 if stat.S_ISDIR(found.st_mode) else 0)
    return os.stat_result([mode, *found[1:]], {name: getattr(found, name) for name in dir(found) if name[:3] == "st_"})


pathlib.Path.stat = _stat  # type: ignore[method-assign]
