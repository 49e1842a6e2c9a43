"""The command line: which commands there are, and how the program ends.

Exit codes: 0 success, 1 the data failed, 2 wrong call or a fault of the machine, 3 a fault of the program. Not here:
the commands (pipelines.cli.commands) and layouts (pipelines.cli.render).
"""

from __future__ import annotations

import sys
import traceback
from importlib import import_module
from typing import Annotated, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from assets.core.errors import DataError, IssueError, UsageError
from assets.core.i18n import label
from pipelines.cli.help_texts import HelpInLanguage, translate_panels
from pipelines.cli.options import (
    DATA_FAILED,
    HELP_LANGUAGE,
    INTERNAL_ERROR,
    USAGE_ERROR,
    language_of_call,
    line,
    make_console,
    option,
    prepare_streams,
)

# The modules of pipelines.cli.commands, each with the function of its name, by group in the order of the help.
GROUPS = {
    "run": ("demo", "init", "form", "request", "check", "run", "serve"),
    "read": ("status", "scorecard", "tables", "query", "report", "export", "releases"),
    "explain": ("trace", "history", "diff", "whatif"),
    "maintain": ("candidate", "approve", "verify", "prune", "alert", "doctor"),
}


def _write_version(is_asked: bool) -> None:
    if is_asked:
        from importlib.metadata import version

        sys.stdout.write(f"gancheng {version('gancheng')}\n")
        raise typer.Exit


class _Command(HelpInLanguage, TyperCommand):
    """A command whose help is in one language."""


class _Group(HelpInLanguage, TyperGroup):
    """The program, whose help is in one language."""


app = typer.Typer(
    name="gancheng",
    cls=_Group,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=label("commands", "gancheng", HELP_LANGUAGE),
)


@app.callback()
def _set_options(
    *, version: Annotated[bool, option("version", "--version", is_eager=True, callback=_write_version)] = False
) -> None:
    """Accept the options of the program itself."""


for _group, _names in GROUPS.items():
    for _name in _names:
        _example = label("help_titles", "example", HELP_LANGUAGE).format(
            label("command_examples", _name, HELP_LANGUAGE)
        )
        app.command(
            cls=_Command,
            help=f"{label('commands', _name, HELP_LANGUAGE)}\n\n{_example}",
            rich_help_panel=label("help_titles", f"group_{_group}", HELP_LANGUAGE),
        )(getattr(import_module(f"pipelines.cli.commands.{_name}"), _name))


def main() -> None:
    """Run the command and end with its exit code; an error that a person can fix is shown without a traceback."""
    prepare_streams()
    if HELP_LANGUAGE == "zh" and (len(sys.argv) == 1 or {"--help", "-h"} & set(sys.argv)):
        translate_panels()
    try:
        app()
    except IssueError as error:
        _end(error)
    except Exception as error:
        from pipelines.observability.system_errors import classify_system_error

        issue = classify_system_error(error)
        if issue is not None:
            _end(UsageError(issue))
        traceback.print_exc()
        sys.stderr.write(line("own_fault", language_of_call(sys.argv)) + "\n")
        sys.exit(INTERNAL_ERROR)


def _end(error: IssueError) -> NoReturn:
    from pipelines.cli.render.tables import print_issues

    print_issues(make_console(is_error=True), error.issues, language_of_call(sys.argv))
    sys.exit(DATA_FAILED if isinstance(error, DataError) else USAGE_ERROR)
