"""The worker process: values and errors reach the run, it prints nothing, and it never outlives the run."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from assets.core.paths import PROJECT_ROOT
from assets.core.worker import Worker, WorkerError
from tests.builders.data_directories import wait_until
from tests.child_processes import worker_functions


def is_gone(pid: int) -> bool:
    """Return whether a process has ended; one that its parent has not waited for has an empty command line."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() == b""
    except FileNotFoundError:
        return True


def run_parent(body: str) -> str:
    """Return a script in which a parent works with a worker."""
    imports = "from assets.core.worker import Worker\nfrom tests.child_processes import worker_functions\n"
    head = f"{imports}with Worker() as worker:\n"
    return head + "".join(f"    {line}\n" for line in body.splitlines())


def test_functions_are_executed_one_after_the_other_in_one_other_process() -> None:
    with Worker() as worker:
        pids = {worker.submit(os.getpid).result() for _ in range(3)}
        assert pids == {worker.pid}
        assert worker.pid != os.getpid()
        assert worker.submit(divmod, 7, 2).result() == (3, 1)


def test_the_process_starts_before_anything_is_submitted_and_ends_with_the_block() -> None:
    with Worker() as worker:
        pid = worker.pid
        assert not is_gone(pid)
    assert is_gone(pid)


def test_a_busy_process_ends_with_the_block() -> None:
    with Worker() as worker:
        pid = worker.pid
        futures = [worker.submit(worker_functions.idle) for _ in range(3)]
    assert is_gone(pid)
    for future in futures:
        with pytest.raises(WorkerError):
            future.result(0)


def test_an_error_of_the_system_arrives_with_its_number() -> None:
    with Worker() as worker:
        for function in (worker_functions.fill_the_disk, worker_functions.fill_the_disk_in_a_library):
            with pytest.raises(OSError, match="No space left on device") as full:
                worker.submit(function).result()
            assert full.value.errno == errno.ENOSPC
            assert isinstance(full.value.__cause__, WorkerError)
            assert function.__name__ in str(full.value.__cause__)


def test_another_exception_arrives_with_its_text_and_the_process_continues() -> None:
    with Worker() as worker:
        with pytest.raises(WorkerError, match=r"^LibraryError: reason 2\nTraceback"):
            worker.submit(worker_functions.fail).result()
        assert worker.submit(os.getpid).result() == worker.pid


def test_a_killed_process_is_reported_with_its_signal() -> None:
    with Worker() as worker:
        with pytest.raises(WorkerError, match="ended with -9"):
            worker.submit(worker_functions.die).result()
        with pytest.raises(WorkerError, match="ended with -9"):  # also for functions that are submitted later
            worker.submit(os.getpid).result()


def test_a_process_that_is_killed_from_outside_is_reported() -> None:
    with Worker() as worker:
        future = worker.submit(worker_functions.idle)
        os.kill(worker.pid, signal.SIGKILL)
        with pytest.raises(WorkerError, match="ended with -9"):
            future.result()


def test_a_process_that_ends_is_reported_with_its_last_output() -> None:
    with (
        Worker() as worker,
        pytest.raises(WorkerError, match=r"^the worker ended with 7: a library ends the process$"),
    ):
        worker.submit(worker_functions.print_and_exit).result()


def test_the_process_prints_nothing() -> None:
    script = run_parent(
        "worker.submit(worker_functions.print_noise).result()\n"
        "worker.submit(worker_functions.create_a_lock).result()\n"
        "worker.submit(worker_functions.idle)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=PROJECT_ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_process_ends_where_the_run_is_killed() -> None:
    script = run_parent("print(worker.pid, flush=True)\nworker.submit(worker_functions.idle).result()")
    with subprocess.Popen([sys.executable, "-c", script], cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        pid = int(run.stdout.readline())
        assert not is_gone(pid)
        run.kill()
    assert wait_until(lambda: is_gone(pid), 20)


def test_the_main_module_of_the_run_is_not_imported_in_the_process(tmp_path: Path) -> None:
    script = tmp_path / "command.py"
    script.write_text(
        "import os, pathlib\n"
        f"with pathlib.Path({str(tmp_path / 'imports')!r}).open('a') as file: file.write(__name__ + ' ')\n"
        "if __name__ == '__main__':\n"
        + "".join(f"    {line}\n" for line in run_parent("print(worker.submit(os.getpid).result())").splitlines())
    )
    environment = {**os.environ, "PYTHONPATH": str(PROJECT_ROOT)}
    done = subprocess.run([sys.executable, str(script)], env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "imports").read_text() == "__main__ "


def test_the_warm_up_is_executed_first(tmp_path: Path) -> None:
    with Worker(warm_up=worker_functions.print_noise) as worker:
        worker.submit(os.getpid).result()
        assert "noise of C code" in worker._output.read_text()
