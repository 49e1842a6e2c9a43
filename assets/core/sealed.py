"""Sealed JSON: files that this program alone writes, each with a checksum of its own content.

Here: sealing, reading what is still as it was written, and one root over many contents. Not here: what a broken seal
means; where the content can be made again it counts as missing, otherwise the caller raises an error with the file.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from assets.core.files import write_atomically

_SEAL = "sha256_of_content"


def seal(content: Mapping[str, Any]) -> str:
    """Return content, which JSON can express, as text with its checksum."""
    return json.dumps({**content, _SEAL: digest(content)}, ensure_ascii=False, indent=1) + "\n"


def unseal(text: bytes) -> dict[str, Any] | None:
    """Return the content of a sealed text; None where it has no checksum or another content."""
    content = _parse(text)
    expected = content.pop(_SEAL, None)
    return content if expected == digest(content) else None


def read_sealed(file: Path) -> dict[str, Any] | None:
    """Return the content of a file; None where it is missing, unreadable or not as it was written."""
    try:
        return unseal(file.read_bytes())
    except OSError:
        return None


def merkle_root(contents: Iterable[Mapping[str, Any]]) -> str:
    """Return the Merkle root over contents in their order: pairs of hashes are hashed until one is left.

    The hash of a content begins with another byte than that of a pair, so that no pair is taken for a content.
    """
    level = [hashlib.sha256(b"\0" + digest(content).encode()).hexdigest() for content in contents]
    while len(level) > 1:
        pairs = [level[position : position + 2] for position in range(0, len(level), 2)]
        level = [hashlib.sha256(b"\1" + "".join(pair).encode()).hexdigest() for pair in pairs]
    return "".join(level)


def seal_earlier_file(file: Path) -> None:
    """Add a checksum to a file of an earlier version; its modification time stays, as it may decide what counts."""
    content = _parse(file.read_bytes()) if file.is_file() else {}
    if content and _SEAL not in content:
        status = file.stat()
        write_atomically(file, seal(content), is_durable=True)
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def _parse(text: bytes) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def digest(content: Mapping[str, Any]) -> str:
    """Return the checksum of content that JSON can express, whatever the order of its names."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
