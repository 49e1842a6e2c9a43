"""What Windows has not is called in one module, where it says what happens there instead."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from assets.core.paths import PROJECT_ROOT

ONLY_HERE = Path("assets/core/system.py")
WITH_ITS_OWN = Path("assets/core/inbox_files.py")  # asks the system which calls it has
MODULES = {"fcntl", "grp", "pwd", "resource", "termios"}
CALLS = {
    "os": {
        *("chown", "fchmod", "fork", "geteuid", "getpgid", "getuid", "kill", "killpg", "mkfifo", "setsid", "symlink"),
        *("O_DIRECTORY", "O_NOFOLLOW", "O_NONBLOCK"),
    },
    "signal": {"SIGHUP", "SIGKILL", "SIGXCPU", "pause", "setitimer"},
}


@pytest.mark.parametrize("folder", ["assets", "pipelines"])
def test_no_other_module_uses_what_windows_has_not(folder: str) -> None:
    problems = [
        f"{file.relative_to(PROJECT_ROOT)}:{line}: {name}; put it into {ONLY_HERE} with what happens on Windows"
        for file in (PROJECT_ROOT / folder).rglob("*.py")
        if file.relative_to(PROJECT_ROOT) not in (ONLY_HERE, WITH_ITS_OWN)
        for line, name in _posix_names(ast.parse(file.read_text(encoding="utf-8")))
    ]
    assert problems == []


def _posix_names(tree: ast.AST) -> list[tuple[int, str]]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names if alias.name in MODULES]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.attr in CALLS.get(node.value.id, ()):
                found.append((node.lineno, f"{node.value.id}.{node.attr}"))
        elif isinstance(node, ast.Attribute) and node.attr in ("symlink_to", "rename"):
            found.append((node.lineno, f"{node.attr}: replace works everywhere"))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "write_text":
            if "newline" not in {keyword.arg for keyword in node.keywords}:
                found.append((node.lineno, "write_text without newline, which writes other bytes there"))
        elif isinstance(node, ast.keyword) and node.arg in ("effective_ids", "preexec_fn", "dir_fd"):
            found.append((node.value.lineno, node.arg))
    return found
