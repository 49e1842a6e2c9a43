"""Spark Connect servers of a test: Sail, a server in a wheel, and Spark itself on the Java of the machine."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assets.core.paths import PROJECT_ROOT

SPARK = next(iter((PROJECT_ROOT / ".venv" / "spark" / "lib").glob("python3.*/site-packages/pyspark")), None)
_PATIENCE_SECONDS = 90
# For tables of a few rows: nothing is compiled that runs once, and a table is one part.
_SMALL = {
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    "spark.ui.enabled": "false",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}


@contextmanager
def sail() -> Iterator[str]:
    """The address of a Sail server in this process."""
    from pysail.spark import SparkConnectServer

    server = SparkConnectServer()
    server.start()
    host, port = server.listening_address
    yield f"sc://{host}:{port}"
    server.stop()


@contextmanager
def spark(folder: Path, master: str = "local[2]") -> Iterator[str]:
    """The address of a server of Spark itself; what it writes beside tables is below the folder."""
    assert SPARK is not None
    port = _free_port()
    settings = {
        **_SMALL,
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(port),
        "spark.local.dir": str(folder),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
    }
    told = [word for name, value in settings.items() for word in ("--conf", f"{name}={value}")]
    server = "org.apache.spark.sql.connect.service.SparkConnectServer"
    with (folder / "spark.log").open("wb") as log:
        process = subprocess.Popen(
            [str(SPARK / "bin" / "spark-submit"), "--master", master, *told, "--class", server, "spark-internal"],
            cwd=folder,
            env={**os.environ, "SPARK_HOME": str(SPARK), "SPARK_LOCAL_IP": "127.0.0.1"},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _wait_for(port, process, folder / "spark.log")
            yield f"sc://127.0.0.1:{port}"
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text("utf-8")
        with socket.socket() as caller:
            if caller.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise TimeoutError(log.read_text("utf-8"))
