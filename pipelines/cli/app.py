"""The command line: which commands there are, and how the program ends.

Exit codes: 0 success, 1 the data failed, 2 wrong call or a fault of the machine, 3 a fault of the program. Not here:
the commands (pipelines.cli.commands) and layouts (pipelines.cli.render).
"""

from __future__ import annotations

import sys
import traceback

import typer

from assets.core.errors import DataError, UsageError
from assets.core.i18n import label
from pipelines.cli.commands.alert import alert
from pipelines.cli.commands.approve import approve
from pipelines.cli.commands.candidate import candidate
from pipelines.cli.commands.check import check
from pipelines.cli.commands.diff import diff
from pipelines.cli.commands.doctor import doctor
from pipelines.cli.commands.export import export
from pipelines.cli.commands.history import history
from pipelines.cli.commands.prune import prune
from pipelines.cli.commands.query import query
from pipelines.cli.commands.releases import releases
from pipelines.cli.commands.report import report
from pipelines.cli.commands.run import run
from pipelines.cli.commands.scorecard import scorecard
from pipelines.cli.commands.serve import serve
from pipelines.cli.commands.status import status
from pipelines.cli.commands.trace import trace
from pipelines.cli.commands.verify import verify
from pipelines.cli.commands.whatif import whatif
from pipelines.cli.options import DATA_FAILED, HELP_LANGUAGE, INTERNAL_ERROR, USAGE_ERROR, language_of_call, line

app = typer.Typer(
    name="gancheng",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help=label("commands", "gancheng", HELP_LANGUAGE),
)
# In the order in which the help lists them.
_COMMANDS = (
    *(run, status, scorecard, trace, diff, whatif, history, check, candidate, approve, query, export, report),
    *(releases, verify, prune, serve, doctor, alert),
)
for _command in _COMMANDS:
    _texts = [label(group, _command.__name__, HELP_LANGUAGE) for group in ("commands", "command_examples")]
    _colon = "：" if HELP_LANGUAGE == "zh" else ": "
    app.command(help=f"{_texts[0]}\n\n{label('help_titles', 'example', HELP_LANGUAGE)}{_colon}{_texts[1]}")(_command)


def main() -> None:
    """Run the command and end with its exit code; an error that a person can fix is shown without a traceback."""
    if HELP_LANGUAGE == "zh":
        _translate_help_titles()
    try:
        app()
    except (DataError, UsageError) as error:
        _print_errors(error)
        sys.exit(DATA_FAILED if isinstance(error, DataError) else USAGE_ERROR)
    except Exception as error:
        from pipelines.observability.system_errors import classify_system_error

        issue = classify_system_error(error)
        if issue is not None:
            _print_errors(UsageError(issue))
            sys.exit(USAGE_ERROR)
        traceback.print_exc()
        sys.stderr.write(line("own_fault", language_of_call(sys.argv)) + "\n")
        sys.exit(INTERNAL_ERROR)


def _translate_help_titles() -> None:
    from typer import rich_utils

    for name in ("arguments", "options", "commands"):
        setattr(rich_utils, f"{name.upper()}_PANEL_TITLE", label("help_titles", name, "zh"))


def _print_errors(error: DataError | UsageError) -> None:
    from rich.console import Console

    from pipelines.cli.render.tables import print_issues

    issues = error.issues if isinstance(error, DataError) else [error.issue]
    print_issues(Console(stderr=True, highlight=False), issues, language_of_call(sys.argv))
