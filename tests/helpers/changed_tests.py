"""Print the unit tests that a change touches, for `make test-fast`.

Here: what changed since main and which tests import it, directly or through one module. Not here: whole runs, browsers
and servers, which `make test` has.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("assets", "pipelines")
# Quick, and read SQL, contracts, reference tables and pages, which no module imports.
ALWAYS = ("tests/unit/test_contracts.py", "tests/unit/test_messages.py", "tests/conventions/test_portability.py")


def list_changed_files(base: str = "main") -> set[str]:
    """Return the files that differ from the common ancestor with a branch, those not committed included."""
    ancestor = _git("merge-base", "HEAD", base).strip()
    return {*_git("diff", "--name-only", ancestor).split(), *_git("ls-files", "--others", "--exclude-standard").split()}


def select_tests(changed: Iterable[str]) -> list[str]:
    """Return the test files that changed, and the unit tests that import a changed module or one that imports it."""
    files = set(changed)
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    modules = {name for name in map(_module_name, files) if name in graph.modules}
    modules |= {importer for module in modules for importer in graph.find_modules_that_directly_import(module)}
    tests = {file for file in files if re.fullmatch(r"tests/(unit|conventions)/test_\w+\.py", file)}
    for test in (ROOT / "tests" / "unit").glob("test_*.py"):
        text = test.read_text(encoding="utf-8")
        if any(re.search(_import_pattern(module), text, re.MULTILINE) for module in modules):
            tests.add(test.relative_to(ROOT).as_posix())
    return sorted(file for file in {*tests, *ALWAYS} if (ROOT / file).is_file())


def _module_name(file: str) -> str:
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _import_pattern(module: str) -> str:
    package, _, name = module.rpartition(".")
    own, parent = re.escape(module), re.escape(package)
    return rf"^\s*(from {own} import|import {own}\b|from {parent} import .*\b{name}\b)"


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    sys.stdout.write(" ".join(select_tests(list_changed_files())) + "\n")
