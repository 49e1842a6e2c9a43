"""What the commands share: exit codes, the language, options, and how a result is written.

Not here: the commands (pipelines.cli.commands) and layouts (pipelines.cli.render).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assets.core.i18n import Language, label

if TYPE_CHECKING:
    from rich.console import RenderableType

DATA_FAILED, USAGE_ERROR, INTERNAL_ERROR = 1, 2, 3
LANGUAGE_VARIABLE = "GANCHENG_LANG"
# The variables of the locale, the one that decides first.
_LOCALE_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")


def default_language() -> Language:
    """Return the language of GANCHENG_LANG, else of the locale: Chinese for zh, English for every other one."""
    configured = os.environ.get(LANGUAGE_VARIABLE)
    if configured in ("zh", "en"):
        return "zh" if configured == "zh" else "en"
    locale = next(filter(None, map(os.environ.get, _LOCALE_VARIABLES)), "")
    return "zh" if locale.lower().startswith("zh") else "en"


def language_of_call(arguments: Sequence[str]) -> Language:
    """Return the language that the arguments of a call ask for, for errors that end it at any point."""
    for option, value in zip(arguments, [*arguments[1:], ""], strict=True):
        text = option.partition("=")[2] if option.startswith("--lang=") else value if option == "--lang" else ""
        if text in ("zh", "en"):
            return "zh" if text == "zh" else "en"
    return default_language()


# `--lang` is parsed after the help texts are made, so these go by the environment.
HELP_LANGUAGE = default_language()


def option_help(key: str) -> str:
    """Return the help text of an argument or option."""
    return label("options", key, HELP_LANGUAGE)


AsJson = Annotated[bool, typer.Option("--json", help=option_help("as_json"))]
InLanguage = Annotated[
    Language,
    typer.Option(
        "--lang",
        envvar=LANGUAGE_VARIABLE,
        default_factory=default_language,
        show_default=False,
        help=option_help("lang"),
    ),
]
City = Annotated[str, typer.Argument(help=option_help("city"))]
OptionalCity = Annotated[str | None, typer.Argument(help=option_help("city"))]
ReleaseOption = Annotated[str, typer.Option("--release", help=option_help("release"))]
ReleaseArgument = Annotated[str, typer.Argument(help=option_help("release"))]


def line(key: str, language: Language, **values: object) -> str:
    """Return a line of the catalogue with its values filled in."""
    return label("command_lines", key, language).format(**values)


def write_text(*parts: RenderableType) -> None:
    """Write to standard output; a plain text, or one marked `no_wrap`, is not broken, so that paths can be copied."""
    from rich.console import Console

    console = Console(highlight=False)
    for part in parts:
        console.print(part, soft_wrap=isinstance(part, str) or bool(getattr(part, "no_wrap", False)), markup=False)


def write_result(as_json: bool, content: Any, render: Callable[[], RenderableType | Sequence[RenderableType]]) -> None:
    """Write the result of a command: its content as JSON, or what `render` returns."""
    if as_json:
        json.dump(content, sys.stdout, ensure_ascii=False, indent=1, default=str)
        sys.stdout.write("\n")
        return
    parts = render()
    write_text(*parts if isinstance(parts, list | tuple) else (parts,))


def shorten_path(path: Path) -> str:
    """Return a path from the current folder where it is inside, else as it is."""
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
