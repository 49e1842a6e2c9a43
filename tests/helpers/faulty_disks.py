"""Machines that fail: a small disk and a folder that cannot be written, for real, where the system lets us mount."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest


def _mount(*arguments: str) -> bool:
    return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode == 0


@cache
def can_mount() -> bool:
    try:
        with TemporaryDirectory() as folder:
            is_done = _mount("-t", "tmpfs", "-o", "size=64k", "tmpfs", folder)
            if is_done:
                subprocess.run(["umount", folder], check=True)
            return is_done
    except OSError:
        return False


def needs_mount() -> pytest.MarkDecorator:
    return pytest.mark.skipif(not can_mount(), reason="mounts a small disk, which this system does not allow")


@contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[None]:
    """A disk of this size at the folder, until the end."""
    folder.mkdir(parents=True, exist_ok=True)
    assert _mount("-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder))
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def resize(folder: Path, kilobytes: int) -> None:
    assert _mount("-o", f"remount,size={kilobytes}k", str(folder))


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """The folder as one that nobody can write, not even root."""
    assert _mount("--bind", str(folder), str(folder))
    try:
        assert _mount("-o", "remount,bind,ro", str(folder))
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
