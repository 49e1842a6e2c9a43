"""The command line: which commands there are, and how the program ends.

Exit codes: 0 fine, 1 the data failed its checks, 2 wrong call, 3 our own fault. Not here: the commands
(pipelines.commands), layouts (pipelines.terminal) and work of any kind.
"""

from __future__ import annotations

import sys
import traceback

import typer
from rich.console import Console

from assets.errors import Stopped, WrongCall
from pipelines.commands import reading, releasing, working
from pipelines.commands.options import DATA_FAILED, OUR_FAULT, WRONG_CALL

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
    from pipelines.terminal import show_findings

    try:
        app()
    except Stopped as stopped:
        show_findings(errors, stopped.findings)
        sys.exit(DATA_FAILED)
    except WrongCall as call:
        show_findings(errors, [call.finding])
        sys.exit(WRONG_CALL)
    except Exception as error:
        from pipelines.faults import mendable

        told = mendable(error)
        if told is not None:
            show_findings(errors, [told])
            sys.exit(WRONG_CALL)
        traceback.print_exc()
        errors.print(
            "这是程序自身的错误，请连同以上内容反馈。", "This is a fault of Gancheng; please report it.", sep="\n"
        )
        sys.exit(OUR_FAULT)
