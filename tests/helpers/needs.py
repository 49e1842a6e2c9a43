"""What tests need of the machine beyond Python: where it is absent they skip by name, where they must run they fail."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

# Set where everything is installed (.ci/packages): a test that is skipped there would be a test that nobody runs.
MUST_RUN = "GANCHENG_TESTS_MUST_RUN"


def needs(program: str, package: str, *folders: Path) -> pytest.MarkDecorator:
    """Skip where a program is absent, naming the Debian package that brings it. `folders` are looked in besides."""
    is_absent = found(program, *folders) is None and not os.environ.get(MUST_RUN)
    return pytest.mark.skipif(is_absent, reason=f"{program} ({package}) is not installed")


def found(program: str, *folders: Path) -> str | None:
    """Where a program is; the folders of servers are not on the path of everybody."""
    return shutil.which(program) or shutil.which(program, path=os.pathsep.join(map(str, folders)))
