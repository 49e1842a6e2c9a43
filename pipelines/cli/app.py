"""The command line: which commands there are, and how the program ends.

Exit codes: 0 success, 1 the data failed, 2 wrong call or a fault of the machine, 3 a fault of the program. Not here:
the commands (pipelines.cli.commands) and layouts (pipelines.cli.render).
"""

from __future__ import annotations

import sys
import traceback
from importlib import import_module
from typing import NoReturn

import typer

from assets.core.errors import DataError, IssueError, UsageError
from assets.core.i18n import label
from pipelines.cli.options import DATA_FAILED, HELP_LANGUAGE, INTERNAL_ERROR, USAGE_ERROR, language_of_call, line

# The modules of pipelines.cli.commands, each with the function of its name, in the order of the help.
COMMANDS = (
    *(
        "demo",
        "init",
        "run",
        "status",
        "scorecard",
        "trace",
        "diff",
        "whatif",
        "history",
        "form",
        "check",
        "candidate",
        "approve",
        "query",
    ),
    *("export", "report", "releases", "verify", "prune", "serve", "doctor", "alert"),
)

app = typer.Typer(
    name="gancheng",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help=label("commands", "gancheng", HELP_LANGUAGE),
)
for _name in COMMANDS:
    _example = label("help_titles", "example", HELP_LANGUAGE).format(label("command_examples", _name, HELP_LANGUAGE))
    _help = f"{label('commands', _name, HELP_LANGUAGE)}\n\n{_example}"
    app.command(help=_help)(getattr(import_module(f"pipelines.cli.commands.{_name}"), _name))


def main() -> None:
    """Run the command and end with its exit code; an error that a person can fix is shown without a traceback."""
    if HELP_LANGUAGE == "zh" and (len(sys.argv) == 1 or "--help" in sys.argv):
        _translate_help_titles()
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


def _translate_help_titles() -> None:
    """Set the Chinese titles of the help; its layout takes long to import, so other calls do without."""
    from typer import rich_utils

    for name in ("arguments", "options", "commands"):
        setattr(rich_utils, f"{name.upper()}_PANEL_TITLE", label("help_titles", name, "zh"))


def _end(error: IssueError) -> NoReturn:
    from rich.console import Console

    from pipelines.cli.render.tables import print_issues

    print_issues(Console(stderr=True, highlight=False), error.issues, language_of_call(sys.argv))
    sys.exit(DATA_FAILED if isinstance(error, DataError) else USAGE_ERROR)
