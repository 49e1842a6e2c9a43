"""What differs between operating systems: limits of a process, whether one is running, rights, forcing onto the disk.

What belongs here: each call that Windows has not, with what happens there instead; a test forbids such calls elsewhere.
What does not: locks, which filelock makes the same everywhere.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path

try:
    import fcntl
    import resource
except ImportError:  # Windows: a process has no limits; only the time that its caller waits for it is limited
    fcntl = resource = None  # type: ignore[assignment]

_IS_WINDOWS = os.name == "nt"
_STATM = Path("/proc/self/statm")  # Linux has it: the size of this process in pages


def limit_memory(additional: int) -> None:
    """Let this process use this many bytes more than it uses now; the limit can be set again."""
    if resource is not None and _STATM.exists():
        used = int(_STATM.read_text(encoding="ascii").split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + additional, resource.getrlimit(resource.RLIMIT_AS)[1]))


def limit_processor_time(additional: int) -> None:
    """Let this process work this many seconds more; it is killed after that. The limit can be set again."""
    if resource is not None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        seconds = int(used.ru_utime + used.ru_stime) + 1 + additional
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def disable_core_files() -> None:
    """Let this process leave no copy of its memory when it dies."""
    if resource is not None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def has_used_its_time(exit_code: int | None) -> bool:
    """Return whether a process ended because of `limit_processor_time`."""
    return resource is not None and exit_code == -signal.SIGXCPU


def prefer_fork() -> None:
    """Let libraries that start processes in this one fork where that is possible."""
    if "fork" in multiprocessing.get_all_start_methods():
        multiprocessing.set_start_method("fork", force=True)


def is_process_running(process: int) -> bool:
    """Return whether a process is running; on Windows, where asking would interrupt it, always true."""
    if _IS_WINDOWS:
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def has_access(path: Path, rights: int) -> bool:
    """Return whether the current user has the rights (os.R_OK, os.W_OK, os.X_OK)."""
    return os.access(path, rights, effective_ids=os.access in os.supports_effective_ids)


def has_private_mode(path: Path) -> bool:
    """Return whether only the owner has rights to a path; on Windows, where modes mean nothing, always true."""
    return fcntl is None or not path.stat().st_mode & 0o077


def sync_path(path: Path) -> None:
    """Force a file or a folder onto the disk; Windows writes folders by itself, and forces only what it may write."""
    if _IS_WINDOWS and (path.is_dir() or not os.access(path, os.W_OK)):
        return
    handle = os.open(path, os.O_RDWR if _IS_WINDOWS else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def rename_unless_open(folder: Path, target: Path, database: Path) -> bool:
    """Rename a folder unless a program has its database open, and return whether it was renamed.

    DuckDB locks the file that it reads; Windows renames no folder with an open file.
    """
    if fcntl is None or not database.is_file():
        try:
            folder.rename(target)
        except PermissionError:
            if not _IS_WINDOWS:
                raise
            return False
        return True
    with database.open("r+b") as stream:
        try:
            fcntl.lockf(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            return False
        folder.rename(target)
        return True


def write_pointer(pointer: Path, folder: str) -> None:
    """Write a link to a folder beside it, or a file with its name where links need rights or cannot be replaced."""
    try:
        if not _IS_WINDOWS:
            pointer.symlink_to(folder, target_is_directory=True)
            return
    except (OSError, NotImplementedError):
        pass  # a file system without links
    pointer.write_text(folder + "\n", encoding="utf-8", newline="\n")
