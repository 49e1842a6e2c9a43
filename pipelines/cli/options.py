"""What the commands share: options, exit codes, and how a language, a path and JSON are told."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from assets.core.errors import Language

DATA_FAILED, USAGE_ERROR, INTERNAL_ERROR = 1, 2, 3

AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON 供程序读取。 Write JSON, for programs.")]
InLanguage = Annotated[
    str,
    typer.Option("--lang", envvar="GANCHENG_LANG", help="显示语言：zh 或 en。 Language of the tables: zh or en."),
]


def parse_language(text: str) -> Language:
    if text not in ("zh", "en"):
        raise typer.BadParameter(f"{text}: zh, en", param_hint="--lang")
    return "zh" if text == "zh" else "en"


def shown_path(folder: Path) -> str:
    return os.path.relpath(folder) if folder.is_relative_to(Path.cwd()) else str(folder)


def write_json(content: Any) -> None:
    json.dump(content, sys.stdout, ensure_ascii=False, indent=1, default=str)
    sys.stdout.write("\n")
