"""The documentation lists every command, and a command speaks one language: help, errors, and which one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from assets.core.i18n import labels
from assets.core.paths import PROJECT_ROOT
from pipelines.cli.app import app
from pipelines.cli.options import default_language, language_of_call

CHINESE = re.compile(r"[\u4e00-\u9fff]")

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
def test_the_help_of_a_command_is_in_one_language_with_an_example_and_an_option_for_it(name: str) -> None:
    for language, heading in (("zh", "例："), ("en", "Example: ")):
        text = call([name, "--help"], GANCHENG_LANG=language)
        assert f"{heading}gancheng {name}" in text
        assert "--lang" in text
        assert bool(CHINESE.search(text)) == (language == "zh")
        for english in ("commands", "options"):
            others = [label.en for label in labels(english).values() if label.en != label.zh and len(label.en) > 12]
            assert language == "en" or not [other for other in others if other in text]


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "POSIX"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, "en"),
        ({"LANG": "en_GB.UTF-8", "LC_MESSAGES": "zh_TW.UTF-8"}, "zh"),
        ({"LC_MESSAGES": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LC_MESSAGES": "en_GB.UTF-8", "LC_ALL": "", "LANG": "zh_CN"}, "en"),
        ({"LC_ALL": "zh_CN.UTF-8", "GANCHENG_LANG": "en"}, "en"),
        ({"LC_ALL": "C", "GANCHENG_LANG": "zh"}, "zh"),
    ],
)
def test_the_language_is_that_of_the_variable_else_of_the_locale(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], language: str
) -> None:
    for name in ("GANCHENG_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert default_language() == language
    assert language_of_call(["status"]) == language
    assert language_of_call(["status", "--lang", "zh"]) == language_of_call(["--lang=zh"]) == "zh"
    assert language_of_call(["status", "--lang", "fr"]) == language


@pytest.mark.parametrize("arguments", [["--lang", "en"], ["--lang=en"]])
def test_an_error_is_in_the_language_of_the_call_alone(tmp_path: Path, arguments: list[str]) -> None:
    environment = {"GANCHENG_DATA_DIR": str(tmp_path), "GANCHENG_LANG": "zh"}
    english, chinese = call(["status", *arguments], 2, **environment), call(["status"], 2, **environment)
    assert "There is no release yet" in english
    assert not CHINESE.search(english)
    assert "There is no release yet" not in chinese
    assert CHINESE.search(chinese)


def test_a_language_that_does_not_exist_is_a_wrong_call(tmp_path: Path) -> None:
    assert "'fr' is not one of 'zh', 'en'" in call(["status", "--lang", "fr"], 2, GANCHENG_DATA_DIR=str(tmp_path))


def call(arguments: list[str], exit_code: int = 0, **environment: str) -> str:
    """Return what the command writes, to standard output and error, on lines of any length."""
    done = subprocess.run(
        [str(Path(sys.executable).parent / "gancheng"), *arguments],
        env={**os.environ, "COLUMNS": "300", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == exit_code, done.stderr
    return done.stdout + done.stderr


def test_the_shell_completes_a_command() -> None:
    asked = {"_GANCHENG_COMPLETE": "complete_bash", "COMP_WORDS": "gancheng ver", "COMP_CWORD": "1"}
    command = str(Path(sys.executable).parent / "gancheng")
    done = subprocess.run([command], env={**os.environ, **asked}, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["verify"]
