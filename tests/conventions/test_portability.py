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


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import fcntl", ["fcntl"]),
        ("import fcntl as locks", ["fcntl"]),
        ("from fcntl import flock", ["fcntl"]),
        ("from fcntl import flock as lock", ["fcntl"]),
        ("import os\nos.kill(1, 9)", ["os.kill"]),
        ("import os as system\nsystem.kill(1, 9)", ["os.kill"]),
        ("from os import kill", ["os.kill"]),
        ("from os import getcwd, kill as end", ["os.kill"]),
        ("from signal import SIGKILL", ["signal.SIGKILL"]),
        ("def end():\n    from os import killpg", ["os.killpg"]),
        ("import os\nos.getcwd()", []),
        ("from os import getcwd", []),
        ("from assets.core.system import kill", []),
        ("from .os import kill", []),
    ],
)
def test_what_windows_has_not_is_found_under_any_name(source: str, names: list[str]) -> None:
    assert [name for _, name in _posix_names(ast.parse(source))] == names


def _posix_names(tree: ast.AST) -> list[tuple[int, str]]:
    found, modules = [], _module_names(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names if alias.name in MODULES]
        elif isinstance(node, ast.ImportFrom):
            found += [(node.lineno, name) for name in _imported_names(node)]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            module = modules[node.value.id]
            if node.attr in CALLS[module]:
                found.append((node.lineno, f"{module}.{node.attr}"))
        elif isinstance(node, ast.Attribute) and node.attr in ("symlink_to", "rename"):
            found.append((node.lineno, f"{node.attr}: replace works everywhere"))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "write_text":
            if "newline" not in {keyword.arg for keyword in node.keywords}:
                found.append((node.lineno, "write_text without newline, which writes other bytes there"))
        elif isinstance(node, ast.keyword) and node.arg in ("effective_ids", "preexec_fn", "dir_fd"):
            found.append((node.value.lineno, node.arg))
    return found


def _module_names(tree: ast.AST) -> dict[str, str]:
    """Return the names by which a file knows the modules of CALLS."""
    imports = [alias for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    return {alias.asname or alias.name: alias.name for alias in imports if alias.name in CALLS}


def _imported_names(node: ast.ImportFrom) -> list[str]:
    module = "" if node.level else node.module or ""
    if module in MODULES:
        return [module]
    return [f"{module}.{alias.name}" for alias in node.names if alias.name in CALLS.get(module, ())]
