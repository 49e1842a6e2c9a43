"""gancheng demo: a run on a synthetic province, to look at."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from assets.core.paths import DATA_DIR_VARIABLE, Paths
from pipelines.cli.commands.run import run
from pipelines.cli.options import InLanguage, argument, line, option, write_text


def demo(
    folder: Annotated[Path, argument("new_folder")] = Path("gancheng-demo"),
    *,
    is_opened: Annotated[bool, option("open", "--open")] = False,
    language: InLanguage,
) -> None:
    """Make the data directory of a synthetic province where it does not exist yet, run, and show the report."""
    from assets.release.publish.file_names import REPORT_INDEX
    from assets.release.read.reader import get_current_release
    from pipelines.new_data_directory import create_data_directory
    from pipelines.synthetic_province import is_synthetic_province

    paths = Paths(folder.resolve())
    if not is_synthetic_province(paths):
        create_data_directory(folder, is_synthetic=True)
    os.environ[DATA_DIR_VARIABLE] = str(paths.data)
    run(language=language)
    page = get_current_release(paths).folder / REPORT_INDEX
    write_text(line("demo_ready", language, page=page))
    if is_opened:
        import webbrowser

        webbrowser.open(page.as_uri())
