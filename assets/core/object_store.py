"""The shared store: a folder or a bucket in which several machines keep one archive and one lake.

Here: storing and fetching whole objects. An object is stored only where none has its name, so the first one counts and
stays; a fetched object is checked against its checksum. Not here: the setting (assets.core.settings), what the objects
are (assets.intake.receipts.sync). The fsspec package of the storage finds credentials in its own environment; none is
read, kept or shown here.
"""

from __future__ import annotations

import atexit
import errno
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
from assets.core.files import hash_file, write_atomically
from assets.core.paths import Paths
from assets.core.settings import read_settings
from assets.core.system import sync_path

# Parallel transfers: each waits for the network more than it computes.
_TRANSFERS = 8
_ABANDONED_SECONDS = 86_400
_END_SECONDS = 5
_TEMPORARY = ".arriving"
_PAGE = "docs/scaling.md"
_LOCAL_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
_MAX_TEXT = 200
_CREDENTIALS = re.compile(r"//[^/\s]*@")

Item = TypeVar("Item")
Result = TypeVar("Result")


def has_shared_store(paths: Paths) -> bool:
    """Return whether a store is configured; only then is any code of the shared store imported."""
    return read_settings(paths).storage.store is not None


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """Objects by name below one root. All methods raise UsageError where the store cannot be reached or used.

    `url` is the store as configured, `files` its fsspec file system, `root` the path of the store in it.
    """

    url: str
    files: Any
    root: str

    def list(self, folder: str) -> dict[str, int]:
        """Return the sizes in bytes of the objects below a folder, by their name below it."""
        place = f"{self.root}/{folder}"
        with _storage_errors(self.url):
            objects = self.files.find(place, detail=True)
        return {name.removeprefix(f"{place}/"): int(details["size"]) for name, details in objects.items()}

    def read(self, name: str) -> bytes | None:
        """Return the bytes of a small object; None where there is none."""
        with _storage_errors(self.url):
            try:
                content: bytes = self.files.cat_file(f"{self.root}/{name}")
            except FileNotFoundError:
                return None
        return content

    def fetch(self, name: str, target: Path, sha256: str) -> bool:
        """Copy an object into a file; return whether it exists and has this checksum."""
        with _storage_errors(self.url):
            try:
                self.files.get_file(f"{self.root}/{name}", str(target))
            except FileNotFoundError:
                return False
        sync_path(target)
        return hash_file(target) == sha256

    def put_if_absent(self, name: str, file: Path) -> bool:
        """Store a file unless an object has its name; return whether it was stored."""
        with _storage_errors(self.url):
            try:
                self._create(name, file)
            except FileExistsError:
                return False
        return True

    def put_content(self, name: str, file: Path) -> None:
        """Store a file whose name is derived from its content; replace an incomplete object of a killed transfer."""
        if not self.put_if_absent(name, file):
            with _storage_errors(self.url):
                if self.files.size(f"{self.root}/{name}") != file.stat().st_size:
                    self.files.put_file(str(file), f"{self.root}/{name}")

    def initialise(self, work: Path) -> None:
        """Write the version into a new store, or one of an earlier version, before the first object of this version.

        An earlier program then refuses the store instead of taking a newer receipt for a damaged one. `work` is a
        folder for temporary files.
        """
        stored, file = self.read(VERSION_FILE), work / VERSION_FILE
        file.write_text(f"{LAKE_VERSION}\n", encoding="ascii", newline="\n")
        if stored is None:
            self.put_if_absent(VERSION_FILE, file)
        elif int(stored) < LAKE_VERSION:
            with _storage_errors(self.url):
                self._replace(VERSION_FILE, file)

    def _replace(self, name: str, file: Path) -> None:
        self.files.put_file(str(file), f"{self.root}/{name}")

    def _create(self, name: str, file: Path) -> None:
        self.files.put_file(str(file), f"{self.root}/{name}", mode="create")


class FolderStore(ObjectStore):
    """A store in a folder that several machines mount: a hard link gives a complete object its name."""

    __slots__ = ()

    def initialise(self, work: Path) -> None:
        for file in Path(self.root, _TEMPORARY).glob("*"):
            with suppress(FileNotFoundError):  # another machine may delete it first
                if time.time() - file.stat().st_mtime > _ABANDONED_SECONDS:
                    file.unlink()
        super().initialise(work)

    def _create(self, name: str, file: Path) -> None:
        target, copy = Path(self.root, name), Path(self.root, _TEMPORARY, uuid.uuid4().hex)
        if target.exists():
            raise FileExistsError(target)
        for folder in (target.parent, copy.parent):
            folder.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(file, copy)
            sync_path(copy)
            _link(copy, target)
        finally:
            copy.unlink(missing_ok=True)

    def _replace(self, name: str, file: Path) -> None:
        write_atomically(Path(self.root, name), file.read_bytes(), is_durable=True)


def _link(copy: Path, target: Path) -> None:
    try:
        target.hardlink_to(copy)
    except FileExistsError:
        raise
    except OSError:
        copy.replace(target)  # a file system without hard links: the last machine wins


def url_to_fs(url: str) -> tuple[Any, str]:
    """Return the file system of a folder or an fsspec URL, and the path in it."""
    import fsspec  # takes a fifth of a second, and most installations share nothing

    _end_thread_at_exit()
    # A cached listing would hide what other machines store meanwhile.
    files, root = fsspec.url_to_fs(url, use_listings_cache=False)
    return files, str(root)


@cache
def _end_thread_at_exit() -> None:
    """Stop the thread of fsspec at exit; it holds objects that DuckDB would report as leaks."""
    from fsspec import asyn

    def end() -> None:
        if asyn.loop[0] is not None:
            asyn.loop[0].call_soon_threadsafe(asyn.loop[0].stop)
            asyn.iothread[0].join(_END_SECONDS)

    atexit.register(end)


def open_store(paths: Paths) -> ObjectStore | None:
    """Return the store of a data directory, None where none is configured.

    Raises:
        UsageError: it cannot be reached, its package is not installed, or a newer program wrote it.
        DataError: the settings are wrong.
    """
    settings = read_settings(paths).storage
    if settings.store is None:
        return None
    url = settings.store.rstrip("/")
    with _storage_errors(url):
        files, root = url_to_fs(url)
        is_folder = "file" in (files.protocol if isinstance(files.protocol, tuple) else (files.protocol,))
        if is_folder and not Path(root).is_dir():
            raise FileNotFoundError(f"{root}: no such folder")  # never created: it may not be mounted
    store = (FolderStore if is_folder else ObjectStore)(url, files, root)
    version = store.read(VERSION_FILE)
    issue = None if version is None else check_version(version, LAKE_VERSION, f"{url}/{VERSION_FILE}")
    if issue is not None:
        raise UsageError(issue)
    return store


def map_parallel(work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Return the results in the order of the items; after the first error no further item is begun."""
    with ThreadPoolExecutor(_TRANSFERS) as pool:
        futures = [pool.submit(work, item) for item in items]
        try:
            return [future.result() for future in futures]
        finally:
            for future in futures:
                future.cancel()


@contextmanager
def _storage_errors(url: str) -> Iterator[None]:
    """Turn exceptions of the storage package into UsageError."""
    try:
        yield
    except FileExistsError:
        raise
    except Exception as error:
        issue = _to_issue(url, error)
        if issue is None:
            raise
        raise UsageError(issue) from error


def _to_issue(url: str, error: Exception) -> Issue | None:
    """Return None for an internal error and for one of the local disk, which is reported elsewhere."""
    text = _CREDENTIALS.sub("//", f"{type(error).__name__}: {error}".splitlines()[0])[:_MAX_TEXT]
    if isinstance(error, ImportError) or "Protocol not known" in text:
        return Issue("shared_store_not_installed", text, "pip install 'gancheng[s3]'", url)
    if isinstance(error, PermissionError) or "Credentials" in type(error).__name__:
        return Issue("shared_store_access_denied", text, _PAGE, url)
    if isinstance(error, OSError) and error.errno in _LOCAL_ERRORS:
        return None
    is_of_storage = isinstance(error, OSError) or not re.match(r"(builtins|assets)\b", type(error).__module__)
    return Issue("shared_store_unreachable", text, _PAGE, url) if is_of_storage else None
