"""Text of files goes to a terminal in one way: no module but those named here writes to it or decodes names."""

from __future__ import annotations

import re

from assets.core.paths import PROJECT_ROOT

TERMINAL = re.compile(
    r"\bConsole\(|(?<![\w.])print\(|typer\.echo|click\.echo|sys\.(stdout|stderr)(\.buffer)?\.write|json\.dump\("
)
NAMES = re.compile(r"fsencode|fsdecode|surrogateescape")


def modules_with(pattern: re.Pattern[str]) -> set[str]:
    """The modules of the project in which a pattern occurs."""
    files = [file for folder in ("assets", "pipelines") for file in (PROJECT_ROOT / folder).rglob("*.py")]
    matching = (file for file in files if pattern.search(file.read_text(encoding="utf-8")))
    return {file.relative_to(PROJECT_ROOT).as_posix() for file in matching}


def test_only_the_command_line_writes_to_a_terminal() -> None:
    assert modules_with(TERMINAL) <= {
        *("pipelines/cli/options.py", "pipelines/cli/app.py"),
        "pipelines/cli/commands/query.py",  # formats that are always UTF-8
    }


def test_only_the_inbox_turns_bytes_of_names_into_text() -> None:
    assert modules_with(NAMES) <= {"assets/core/inbox_files.py", "assets/intake/receipts/archive.py"}
