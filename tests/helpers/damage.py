"""Damage to stored files that their size does not show."""

from __future__ import annotations

import os
from pathlib import Path


def flip(file: Path) -> None:
    """Change one bit in the middle of a file."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.chmod(0o644)
    file.write_bytes(content)


def flip_keeping_time(file: Path) -> None:
    """Change one bit in the middle of a file, whose size and time stay."""
    status = file.stat()
    flip(file)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
