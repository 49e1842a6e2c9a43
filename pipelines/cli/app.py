"""The command line: which commands there are, and how the program ends.

Exit codes: 0 fine, 1 the data failed its checks, 2 wrong call, 3 our own fault. Not here: the commands
(pipelines.cli.commands), layouts (pipelines.cli.render.tables) and work of any kind.
"""

from __future__ import annotations

import sys
import traceback

import typer
from rich.console import Console

from assets.core.errors import DataError, UsageError
from pipelines.cli.commands import reading, releasing, working
from pipelines.cli.options import DATA_FAILED, INTERNAL_ERROR, USAGE_ERROR

app = typer.Typer(
    name="gancheng",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="赣城：各城市文件进，可追溯的评分卡出。 City files in, traceable scorecards out.",
)
# In the order in which the help lists them.
_COMMANDS = (
    working.run,
    reading.status,
    reading.scorecard,
    reading.trace,
    reading.diff,
    reading.whatif,
    reading.history,
    working.check,
    releasing.candidate,
    releasing.approve,
    reading.query,
    releasing.export,
    releasing.report,
    releasing.releases,
    releasing.verify,
    releasing.prune,
    working.serve,
    working.doctor,
    working.alert,
)
for _command in _COMMANDS:
    app.command()(_command)


def main() -> None:
    """Run the command and leave with its exit code; a person's mistake is told without a traceback."""
    errors = Console(stderr=True, highlight=False)
    from pipelines.cli.render.tables import print_issues

    try:
        app()
    except DataError as stopped:
        print_issues(errors, stopped.issues)
        sys.exit(DATA_FAILED)
    except UsageError as call:
        print_issues(errors, [call.issue])
        sys.exit(USAGE_ERROR)
    except Exception as error:
        from pipelines.observability.system_errors import classify_system_error

        told = classify_system_error(error)
        if told is not None:
            print_issues(errors, [told])
            sys.exit(USAGE_ERROR)
        traceback.print_exc()
        errors.print(
            "这是程序自身的错误，请连同以上内容反馈。", "This is a fault of Gancheng; please report it.", sep="\n"
        )
        sys.exit(INTERNAL_ERROR)
