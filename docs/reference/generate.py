"""Write the reference pages that follow from the project itself: commands, messages, tables.

Here: three Markdown pages in this folder. `python -m docs.reference.generate` writes them, a test compares them with
the project. Not here: pages that a person writes.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from typer.main import get_command

from assets.core.messages import all_messages
from assets.core.paths import PROJECT_ROOT
from assets.warehouse.tables import Column, Table, read_tables
from pipelines.cli.app import app

FOLDER = Path(__file__).resolve().parent
NOTE = "<!-- Written by docs/reference/generate.py: `make docs` writes it again. -->\n"
_KINDS_OF_MESSAGE = (
    "| a whole file | the file is refused, other files go on | the sender |",
    "| a row | the row is rejected, other rows of the file are accepted | the sender ([returns](../returns.md)) |",
    "| a figure is not plausible | a blocking flag holds it back ([plausibility](../plausibility.md)) | the sender |",
    "| a reference table, contract or correction | the run stops, exit code 1 | the person who maintains that file |",
    "| the candidate fails a check | no release is made, exit code 1 | the person who maintains the named row |",
    "| the installation | `gancheng doctor` lists it ([operations](../operations.md#doctor)) | the administrator |",
    "| a call | nothing is changed, exit code 2 | the person who typed it |",
)


def write_commands() -> str:
    """Return the page of the command line: for each command its help, arguments and options."""
    program = get_command(app)
    root = program.context_class(program, info_name="gancheng")
    parts = [
        "# Command reference",
        "The text of `gancheng COMMAND --help`. For tasks and exit codes see [commands](../commands.md).",
    ]
    for name, command in program.commands.items():
        context = command.context_class(command, info_name=name, parent=root)
        records = [parameter.get_help_record(context) for parameter in command.get_params(context)]
        rows = [f"| `{record[0]}` | {_cell(record[1])} |" for record in records if record and record[0] != "--help"]
        # A help text ends with an example on a line of its own.
        text = "\n\n".join(_example(line) for line in (command.help or "").splitlines() if line.strip())
        parts += [f"## gancheng {name}", text, "\n".join(["| argument or option | meaning |", "|---|---|", *rows])]
    return _page(parts)


def write_messages() -> str:
    """Return the page of messages: for each code the reason and the remedy, in Chinese and English."""
    parts = [
        "# Messages",
        "Every message about a file, a row, the reference tables, a release, the installation or a call, by its code. "
        "A program finds the code in the output of `--json`. `{actual}` and `{expected}` are filled in.",
        "\n".join(["| what is wrong | what happens | who fixes it |", "|---|---|---|", *_KINDS_OF_MESSAGE]),
    ]
    for code, message in sorted(all_messages().items()):
        reasons = [
            f"{message.reason.zh}  \n→ {message.full_remedy.zh}",
            f"{message.reason.en}  \n→ {message.full_remedy.en}",
        ]
        parts += [f"## {code}", *(_escape(reason) for reason in reasons)]
    return _page(parts)


def write_tables() -> str:
    """Return the page of tables: for each schema its tables, for each table its key and columns."""
    parts = [
        "# Tables and columns",
        "Every table of the system, from its contract `sql/<schema>/<table>.yml` ([contracts](../contracts.md)). "
        "A release holds the published ones; their Chinese names are views in the schema `中文`, "
        "their English ones in `en`. "
        "The columns of a dataset, such as `intake.parks`, are those of its contract in `data/contracts`.",
    ]
    tables = sorted(read_tables([PROJECT_ROOT / "sql"]).values(), key=lambda table: table.qualified_name)
    for schema, members in groupby(tables, key=lambda table: table.schema_name):
        parts.append(f"## {schema}")
        for table in members:
            parts += [f"### {table.qualified_name}", *_table_parts(table)]
    return _page(parts)


def _table_parts(table: Table) -> list[str]:
    kind = " A view." if table.schema_name == "presentation" else "" if table.published else " Not published."
    facts = f"Key: {', '.join(f'`{name}`' for name in table.key)}.{kind}"
    rows = [
        f"| `{name}` | {column.type} | {_cell(column.zh)} | {_cell(column.en)} | {_cell(_rules(column))} |"
        for name, column in table.columns.items()
    ]
    head = ["| column | type | 含义 | meaning | rules |", "|---|---|---|---|---|"]
    return [f"{_escape(table.zh)}  \n{_escape(table.en)}", facts, "\n".join(head + rows)]


def _rules(column: Column) -> str:
    rules = ["required"] if column.required else []
    if column.allowed is not None:
        rules.append("one of " + ", ".join(f"`{value}`" for value in column.allowed))
    rules += [f"{name} {limit:.15g}" for name, limit in (("min", column.min), ("max", column.max)) if limit is not None]
    if column.references:
        rules.append(f"references `{column.references}`")
    return "; ".join(rules)


def _example(line: str) -> str:
    text, mark, example = line.strip().partition("Example: ")
    return f"{text}{mark}`{example}`" if mark else _escape(text)


def _escape(text: str) -> str:
    return text.replace("<", "&lt;").replace("*", "\\*")


def _cell(text: str) -> str:
    return _escape(" ".join(text.split())).replace("|", "\\|")


def _page(parts: list[str]) -> str:
    return NOTE + "\n" + "\n\n".join(parts) + "\n"


PAGES = {"commands.md": write_commands, "messages.md": write_messages, "tables.md": write_tables}


def main() -> None:
    """Write the pages."""
    for name, write in PAGES.items():
        (FOLDER / name).write_text(write(), encoding="utf-8")


if __name__ == "__main__":
    main()
