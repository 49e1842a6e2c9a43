"""A server of object storage as a process of its own, on this machine alone, which can be stopped and started again."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import fsspec
import pytest

from assets.core.paths import PROJECT_ROOT
from tests.helpers.needs import MUST_RUN

_PYTHON = PROJECT_ROOT / ".venv" / "storage" / "bin" / "python"
_PATIENCE_SECONDS = 60
BUCKET = "bucket"
STORE = f"s3://{BUCKET}/gancheng"


def needs_storage() -> pytest.MarkDecorator:
    is_absent = not _PYTHON.exists() and not os.environ.get(MUST_RUN)
    return pytest.mark.skipif(is_absent, reason="no environment with moto: make test sets it up")


@dataclass
class Storage:
    """The server, and what a program has in its environment to reach it."""

    folder: Path
    port: int
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_ACCESS_KEY_ID": "gancheng",
            "AWS_SECRET_ACCESS_KEY": "a-secret-of-this-test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_MAX_ATTEMPTS": "1",
        }

    @property
    def of_sail(self) -> dict[str, str]:
        """The same in the words of the Rust library that Sail reads object storage with."""
        return {"AWS_ENDPOINT": self.environment["AWS_ENDPOINT_URL"], "AWS_ALLOW_HTTP": "true"}

    def start(self) -> None:
        command = [str(_PYTHON), str(PROJECT_ROOT / "tests" / "servers" / "moto_server.py")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, str(self.port), str(self.folder / "journal")], stdout=log, stderr=log, cwd=self.folder
            )
        until = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < until:
            assert self._process.poll() is None, (self.folder / "log").read_text("utf-8")
            with socket.socket() as caller:
                if caller.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise TimeoutError((self.folder / "log").read_text("utf-8"))

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def storage(folder: Path) -> Iterator[Storage]:
    """A server with an empty bucket; the environment of this process reaches it, too, until the end."""
    folder.mkdir(parents=True, exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server = Storage(folder, int(free.getsockname()[1]))
    before = {name: os.environ.get(name) for name in server.environment}
    os.environ.update(server.environment)
    fsspec.get_filesystem_class("s3").clear_instance_cache()  # one of a server before looks for it where that was
    server.start()
    try:
        files().mkdir(BUCKET)
        yield server
    finally:
        server.kill()
        for name, said in before.items():
            os.environ.pop(name) if said is None else os.environ.update({name: said})


def files() -> Any:
    """The bucket, past the project."""
    return fsspec.filesystem("s3", skip_instance_cache=True, use_listings_cache=False)
