"""gancheng init: a new data directory."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pipelines.cli.options import InLanguage, argument, line, option, write_text


def init(
    folder: Annotated[Path, argument("new_folder")],
    *,
    is_synthetic: Annotated[bool, option("synthetic", "--synthetic")] = False,
    language: InLanguage,
) -> None:
    """Make a data directory with the shipped registry and figures, or with those of a synthetic province."""
    from pipelines.new_data_directory import create_data_directory

    paths = create_data_directory(folder, is_synthetic=is_synthetic)
    write_text(line("directory_created", language, folder=paths.data))
