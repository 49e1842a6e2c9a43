"""The shared store: a folder or a bucket in which several machines keep one archive and one lake.

Here: its setting, and putting and getting whole objects. An object is put only where there is none of its name, so the
first one counts and stays; what is fetched is held against its checksum. Not here: what the objects are
(assets.intake.receipts.sync). Credentials are those that the package of the storage finds in its own environment; none
is read, kept or shown here.
"""

from __future__ import annotations

import atexit
import errno
import hashlib
import os
import re
import shutil
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from assets.core.data_dir_version import LAKE_VERSION, VERSION_FILE, check_version
from assets.core.errors import Issue, UsageError
from assets.core.paths import Paths
from assets.core.settings import read_settings

# So many objects travel at once: each one waits for the network more than it works.
_AT_ONCE = 8
_ABANDONED_SECONDS = 86_400
_END_SECONDS = 5
_ARRIVING = ".arriving"
_PAGE = "docs/scaling.md"
_LOCAL_FAULTS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
_MOST_SHOWN = 200
_SECRET = re.compile(r"//[^/\s]*@")

Item = TypeVar("Item")
Result = TypeVar("Result")


def has_shared_store(paths: Paths) -> bool:
    """Return whether a store is configured; only then is any code of the shared store imported."""
    return read_settings(paths).storage.store is not None


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """Objects by name below one place. Raises WrongCall where the place cannot be reached or used."""

    url: str
    files: Any
    root: str

    def listed(self, folder: str) -> dict[str, int]:
        """The objects below a folder of the store, by their name below it, with their sizes."""
        place = f"{self.root}/{folder}"
        with self._told():
            found = self.files.find(place, detail=True)
        return {name.removeprefix(f"{place}/"): int(told["size"]) for name, told in found.items()}

    def read(self, name: str) -> bytes | None:
        """The bytes of a small object; None where there is none."""
        with self._told():
            try:
                content: bytes = self.files.cat_file(f"{self.root}/{name}")
            except FileNotFoundError:
                return None
        return content

    def get(self, name: str, target: Path, sha256: str) -> bool:
        """Fetch an object into a file; whether it is there with the bytes of this checksum."""
        with self._told():
            try:
                self.files.get_file(f"{self.root}/{name}", str(target))
            except FileNotFoundError:
                return False
        with target.open("rb") as stream:
            is_sound = hashlib.file_digest(stream, "sha256").hexdigest() == sha256
            os.fsync(stream.fileno())
        return is_sound

    def put(self, name: str, file: Path) -> bool:
        """Put a file there unless there is an object of that name; whether it is ours that is there now."""
        with self._told():
            try:
                self._create(name, file)
            except FileExistsError:
                return False
        return True

    def keep(self, name: str, file: Path) -> None:
        """Put a file whose name says its content. A half one, of a storage that puts piece by piece, is put again."""
        if not self.put(name, file):
            with self._told():
                if self.files.size(f"{self.root}/{name}") != file.stat().st_size:
                    self.files.put_file(str(file), f"{self.root}/{name}")

    def claim(self, work: Path) -> None:
        """Make the store one of this version, before anything is put into it."""
        if self.read(VERSION_FILE) is None:
            written = work / VERSION_FILE
            written.write_text(f"{LAKE_VERSION}\n", encoding="ascii")
            self.put(VERSION_FILE, written)

    def _create(self, name: str, file: Path) -> None:
        self.files.put_file(str(file), f"{self.root}/{name}", mode="create")

    @contextmanager
    def _told(self) -> Iterator[None]:
        with _faults_told(self.url):
            yield


class FolderStore(ObjectStore):
    """A store in a folder that several machines mount: an object gets its name by a hard link, whole or not at all."""

    __slots__ = ()

    def claim(self, work: Path) -> None:
        for left in Path(self.root, _ARRIVING).glob("*"):
            with suppress(FileNotFoundError):  # another machine clears too
                if time.time() - left.stat().st_mtime > _ABANDONED_SECONDS:
                    left.unlink()
        super().claim(work)

    def _create(self, name: str, file: Path) -> None:
        target, arriving = Path(self.root, name), Path(self.root, _ARRIVING, uuid.uuid4().hex)
        if target.exists():
            raise FileExistsError(target)
        for folder in (target.parent, arriving.parent):
            folder.mkdir(parents=True, exist_ok=True)
        try:
            with file.open("rb") as source, arriving.open("xb") as copy:
                shutil.copyfileobj(source, copy)
                copy.flush()
                os.fsync(copy.fileno())
            _link(arriving, target)
        finally:
            arriving.unlink(missing_ok=True)


def _link(arriving: Path, target: Path) -> None:
    try:
        target.hardlink_to(arriving)
    except FileExistsError:
        raise
    except OSError:
        arriving.rename(target)  # a file system without hard links: the last one counts


def url_to_fs(url: str) -> tuple[Any, str]:
    """The file system of a folder or an fsspec URL, and the name of the place in it."""
    import fsspec  # takes a fifth of a second, which nobody needs to wait for who shares nothing

    _end_thread_at_exit()
    # What others put is seen at once; a listing that is kept would hide it.
    files, root = fsspec.url_to_fs(url, use_listings_cache=False)
    return files, str(root)


@cache
def _end_thread_at_exit() -> None:
    """fsspec leaves a thread at work, which keeps alive what a program made: DuckDB then tells of leaks at its end."""
    from fsspec import asyn

    def end() -> None:
        if asyn.loop[0] is not None:
            asyn.loop[0].call_soon_threadsafe(asyn.loop[0].stop)
            asyn.iothread[0].join(_END_SECONDS)

    atexit.register(end)


def open_store(paths: Paths) -> ObjectStore | None:
    """The store of a data directory, None where it has none.

    WrongCall where it cannot be reached, where its package is not installed, and where a newer program wrote it.
    """
    settings = read_settings(paths).storage
    if settings.store is None:
        return None
    url = settings.store.rstrip("/")
    with _faults_told(url):
        files, root = url_to_fs(url)
        is_folder = "file" in (files.protocol if isinstance(files.protocol, tuple) else (files.protocol,))
        if is_folder and not Path(root).is_dir():
            raise FileNotFoundError(f"{root}: no such folder")  # one that is not mounted is not to be made
    store = (FolderStore if is_folder else ObjectStore)(url, files, root)
    said = store.read(VERSION_FILE)
    fault = None if said is None else check_version(said, LAKE_VERSION, f"{url}/{VERSION_FILE}")
    if fault is not None:
        raise UsageError(fault)
    return store


def map_parallel(work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """What the work makes of each, several at once and in their order. Where one fails, the rest is not begun."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        futures = [pool.submit(work, item) for item in items]
        try:
            return [future.result() for future in futures]
        finally:
            for future in futures:
                future.cancel()


@contextmanager
def _faults_told(url: str) -> Iterator[None]:
    """Whatever a package of fsspec raises as what a person can do about it."""
    try:
        yield
    except FileExistsError:
        raise
    except Exception as error:
        issue = _issue(url, error)
        if issue is None:
            raise
        raise UsageError(issue) from error


def _issue(url: str, error: Exception) -> Issue | None:
    """None for a fault of ours, and for one of the disk of this machine, which is told as such elsewhere."""
    said = _SECRET.sub("//", f"{type(error).__name__}: {error}".splitlines()[0])[:_MOST_SHOWN]
    if isinstance(error, ImportError) or "Protocol not known" in said:
        return Issue("shared_store_not_installed", said, "pip install 'gancheng[s3]'", url)
    if isinstance(error, PermissionError) or "Credentials" in type(error).__name__:
        return Issue("shared_store_access_denied", said, _PAGE, url)
    if isinstance(error, OSError) and error.errno in _LOCAL_FAULTS:
        return None
    is_of_storage = isinstance(error, OSError) or not re.match(r"(builtins|assets)\b", type(error).__module__)
    return Issue("shared_store_unreachable", said, _PAGE, url) if is_of_storage else None
