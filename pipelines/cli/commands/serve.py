"""gancheng serve: runs on schedule and the web page, until SIGTERM."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from assets.core.paths import Paths
from pipelines.cli.options import InLanguage, line, option, write_text


def serve(
    *,
    port: Annotated[int, option("port", min=1, max=65535)] = 3000,
    workspace: Annotated[Path | None, option("workspace")] = None,
    is_paused: Annotated[bool, option("paused", "--paused")] = False,
    language: InLanguage,
) -> None:
    """Run on schedule and serve the web page of Dagster, until SIGTERM."""
    from pipelines.orchestration import server

    paths = Paths.from_environment()

    def show_address(address: str, link: str, processes: dict[str, int]) -> None:
        pids = ", ".join(f"{name} {pid}" for name, pid in processes.items())
        write_text(line("serving", language, address=address, data=paths.data, pids=pids))
        write_text(line("serving_link", language, link=link))

    server.serve(paths, port, show_address, is_automatic=not is_paused, workspace=workspace)
    write_text(line("stopped", language))
