"""The documentation lists every command there is, and every command shows an example of itself."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from assets.core.paths import PROJECT_ROOT
from pipelines.cli.app import app

COMMANDS = {
    command.name or command.callback.__name__: command for command in app.registered_commands if command.callback
}
PAGES = {
    "README.md": r"^\| `gancheng (\w+)",
    "README.zh-CN.md": r"^\| `gancheng (\w+)",
    "docs/commands.md": r"^\| `gancheng (\w+)` \| `gancheng \1",
}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_lists_every_command_and_no_other(page: str) -> None:
    listed = re.findall(PAGES[page], (PROJECT_ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
    assert set(listed) == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_shows_it_in_both_languages_with_an_example(name: str) -> None:
    callback = COMMANDS[name].callback
    assert callback is not None
    text = callback.__doc__ or ""
    assert f"Example: gancheng {name}" in text
    assert re.match(r"[^。]*[\u4e00-\u9fff].*。 [A-Z]", text)


def test_the_shell_completes_a_command() -> None:
    asked = {"_GANCHENG_COMPLETE": "complete_bash", "COMP_WORDS": "gancheng ver", "COMP_CWORD": "1"}
    command = str(Path(sys.executable).parent / "gancheng")
    done = subprocess.run([command], env={**os.environ, **asked}, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["verify"]
