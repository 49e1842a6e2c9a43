"""gancheng doctor: the state of the installation. Not here: the checks (pipelines.cli.doctor)."""

from __future__ import annotations

from typing import Annotated

import typer

from assets.core.errors import DataError
from assets.core.paths import Paths
from pipelines.cli.options import DATA_FAILED, AsJson, InLanguage, line, option, write_result


def doctor(
    *,
    is_deep: Annotated[bool, option("deep", "--deep")] = False,
    as_json: AsJson = False,
    language: InLanguage,
) -> None:
    """Check the installation and explain how to fix it."""
    from pipelines.cli.doctor import diagnose

    issues = diagnose(Paths.from_environment(), is_deep=is_deep)
    if issues and not as_json:
        raise DataError(issues)
    content = [
        {"code": issue.code, "file": issue.file, "reason": issue.reason(language), "remedy": issue.remedy(language)}
        for issue in issues
    ]
    write_result(as_json, content, lambda: line("healthy", language))
    if issues:
        raise typer.Exit(DATA_FAILED)
