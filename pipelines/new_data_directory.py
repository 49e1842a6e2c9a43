"""A new data directory: the shipped one, or that of a synthetic province to look at and to replace.

What belongs here: which shipped files a new directory gets. What does not: the synthetic figures
(pipelines.synthetic_province) and running (pipelines.runner).
"""

from __future__ import annotations

import shutil
from pathlib import Path

from assets.core.errors import Issue, UsageError
from assets.core.paths import SHIPPED, Paths
from pipelines.synthetic_province import write_synthetic_province

_SHIPPED_DATA = Paths(SHIPPED / "data")


def create_data_directory(folder: Path, *, is_synthetic: bool = False) -> Paths:
    """Write registry, contracts, settings and an inbox with figures, shipped or synthetic, into a new or empty folder.

    Raises:
        UsageError: the folder has content.
    """
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise UsageError(Issue("folder_not_empty", str(folder)))
    paths = Paths(folder.resolve())
    for name in ("reference", "contracts", "corrections"):
        shutil.copytree(_SHIPPED_DATA.data / name, paths.data / name)
    if is_synthetic:
        write_synthetic_province(paths)
    else:
        shutil.copytree(_SHIPPED_DATA.inbox, paths.inbox)
    shutil.copyfile(_SHIPPED_DATA.settings, paths.settings)
    return paths
