"""The archive: every byte that ever arrived, under the hash of its content. Files are only ever added.

Here: finding the files in the inbox, and keeping their bytes. Not here: what is in them.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file of the inbox whose bytes are in the archive. `name` is its path below the inbox."""

    name: str
    sha256: str
    size: int
    is_link: bool = False


def arrivals(inbox: Path, dataset: str, archive: Path) -> Iterator[Arrival]:
    """The files that lie in a folder of the inbox, or that one file, each kept before anything reads it.

    Lock files of Office (`~$...`) and hidden files are nobody's data and are passed over. A link is not followed: what
    it points to was not sent.
    """
    folder = inbox / dataset
    files = sorted(folder.rglob("*")) if folder.is_dir() and not folder.is_symlink() else [folder]
    for file in files:
        if any(part.startswith((".", "~$")) for part in file.relative_to(inbox).parts):
            continue
        # A name packed on another system may be no UTF-8; it is told as far as it can be.
        name = os.fsencode(file.relative_to(inbox).as_posix()).decode("utf-8", "backslashreplace")
        if file.is_symlink():
            target = bytes(file.readlink())
            yield Arrival(name, hashlib.sha256(b"link:" + target).hexdigest(), 0, is_link=True)
        elif file.is_file():
            sha256, size = keep(file, archive)
            yield Arrival(name, sha256, size)


def keep(file: Path, archive: Path) -> tuple[str, int]:
    """Copy a file's bytes into the archive and return their sha256 and number.

    The copy is hashed while it is made, so a file replaced in the meantime cannot give the hash of one and the bytes of
    the other. It gets its name by rename: a kill leaves a temporary file, never half a content.
    """
    archive.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with tempfile.NamedTemporaryFile(dir=archive, prefix=".arriving-", delete=False) as copy:
        try:
            with file.open("rb") as source:
                while block := source.read(_BLOCK):
                    digest.update(block)
                    size += len(block)
                    copy.write(block)
            copy.flush()
            os.fsync(copy.fileno())
            target = path_of(archive, digest.hexdigest())
            target.parent.mkdir(exist_ok=True)
            if target.is_file():
                Path(copy.name).unlink()
            else:
                Path(copy.name).chmod(0o444)
                Path(copy.name).rename(target)
        except BaseException:
            Path(copy.name).unlink(missing_ok=True)
            raise
    return digest.hexdigest(), size


def path_of(archive: Path, sha256: str) -> Path:
    """Where the bytes with this hash are kept."""
    return archive / sha256[:2] / sha256
