"""What the commands share: exit codes, the language, options, and how a result is written.

Not here: the commands (pipelines.cli.commands) and layouts (pipelines.cli.render).
"""

from __future__ import annotations

import codecs
import io
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assets.core.i18n import Language, label
from assets.core.text import escape_control
from pipelines.cli.json_values import to_json_value

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

# The width of an output that is no terminal: nothing in a file or a pipe is broken.
UNLIMITED_WIDTH = 100_000
# What stands for a character in an encoding that lacks it, such as GBK or cp1252.
_SIMILAR = {"→": "->", "←": "<-", "–": "-", "—": "-", "−": "-", "≥": ">=", "≤": "<=", "≈": "~", "×": "x", "÷": "/"}
_SIMILAR |= {"“": '"', "”": '"', "’": "'", "…": "...", "²": "2", "⚑": "!", "█": "#", "▒": "=", "·": ".", "─": "-"}
DATA_FAILED, USAGE_ERROR, INTERNAL_ERROR, INTERRUPTED = 1, 2, 3, 130
LANGUAGE_VARIABLE = "GANCHENG_LANG"
# The variables of the locale, the one that decides first.
_LOCALE_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")


def default_language() -> Language:
    """Return the language of GANCHENG_LANG, else of the locale: Chinese for zh, English for every other one."""
    configured = os.environ.get(LANGUAGE_VARIABLE)
    locale = next(filter(None, map(os.environ.get, _LOCALE_VARIABLES)), "")
    is_chinese = configured == "zh" if configured in ("zh", "en") else locale.lower().startswith("zh")
    return "zh" if is_chinese else "en"


def language_of_call(arguments: Sequence[str]) -> Language:
    """Return the language that the arguments of a call ask for: an error may end it before they are parsed."""
    match = re.search(r"\0--lang[=\0](zh|en)\0", "\0".join(["", *arguments, ""]))
    return default_language() if match is None else "zh" if match[1] == "zh" else "en"


# `--lang` is parsed after the help texts are made, so these go by the environment.
HELP_LANGUAGE = default_language()


def argument(key: str, **settings: Any) -> Any:
    """Return an argument of typer with its help text."""
    return typer.Argument(help=label("options", key, HELP_LANGUAGE), **settings)


def option(key: str, *names: str, **settings: Any) -> Any:
    """Return an option of typer with its help text; without names it has that of the parameter."""
    return typer.Option(*names, help=label("options", key, HELP_LANGUAGE), **settings)


def _check_day(day: datetime | None) -> datetime | None:
    """Accept a day whose year has deadlines around it."""
    if day is not None and not 1949 <= day.year <= 2100:
        raise typer.BadParameter("1949–2100")
    return day


AsJson = Annotated[bool, option("as_json", "--json")]
# Every command has it. Where it has nothing to translate itself, its errors are in that language.
InLanguage = Annotated[
    Language,
    option("lang", "--lang", envvar=LANGUAGE_VARIABLE, default_factory=default_language, show_default=False),
]
AsOf = Annotated[datetime | None, option("as_of", formats=["%Y-%m-%d"], callback=_check_day)]
City = Annotated[str, argument("city")]
OptionalCity = Annotated[str | None, argument("city")]
ReleaseOption = Annotated[str, option("release", "--release")]
ReleaseArgument = Annotated[str, argument("release")]


# A line that a command writes: its key, the language, and its values.
line = partial(label, "command_lines")


def make_console(*, is_error: bool = False) -> Console:
    """Return the console of a command: the one way to the terminal, which escapes what files have for it."""
    from rich.console import Console
    from rich.segment import Segment

    class SafeConsole(Console):
        def render(self, renderable: Any, options: Any = None) -> Iterator[Segment]:
            for segment in super().render(renderable, options):
                yield segment if segment.control else segment._replace(text=escape_control(segment.text))

    return SafeConsole(stderr=is_error, highlight=False)


def write_text(*parts: RenderableType) -> None:
    """Write to standard output; a plain text, or one marked `no_wrap`, is not broken, so that paths can be copied."""
    from rich.text import Text

    from pipelines.cli.render.layout import wrap

    console = make_console()
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = UNLIMITED_WIDTH
    for part in parts:
        is_unbroken = isinstance(part, str) or bool(getattr(part, "no_wrap", False))
        shown = wrap(part, console.width) if isinstance(part, Text) and not is_unbroken else part
        console.print(shown, soft_wrap=is_unbroken, markup=False)


def prepare_streams() -> None:
    """Let no character end a command: one that the encoding of an output lacks is replaced by a similar one or `?`."""
    codecs.register_error("similar", _replace_characters)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="similar")


def _replace_characters(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_SIMILAR.get(character, "?") for character in error.object[error.start : error.end]), error.end


def write_result(as_json: bool, content: Any, render: Callable[[], RenderableType | Sequence[RenderableType]]) -> None:
    """Write the result of a command: its content as JSON, or what `render` returns."""
    if as_json:
        # In another encoding escapes keep what it lacks.
        is_ascii = not (sys.stdout.encoding or "").lower().startswith("utf")
        values = to_json_value(content)
        text = json.dumps(values, ensure_ascii=is_ascii, indent=1, default=str, allow_nan=False)
        sys.stdout.write(f"{escape_control(text)}\n")
        return
    parts = render()
    write_text(*parts if isinstance(parts, list | tuple) else (parts,))
