"""What tests need of the machine beyond Python: where it is absent they skip by name, where they must run they fail."""

from __future__ import annotations

import os
import shutil

import pytest

# Set where everything is installed (.ci/packages): a test that is skipped there would be a test that nobody runs.
MUST_RUN = "GANCHENG_TESTS_MUST_RUN"


def needs(program: str, package: str) -> pytest.MarkDecorator:
    """Skip where a program is absent, naming the Debian package that brings it."""
    is_absent = shutil.which(program) is None and not os.environ.get(MUST_RUN)
    return pytest.mark.skipif(is_absent, reason=f"{program} ({package}) is not installed")
