"""The process of the web page: `python -m pipelines.orchestration.web_server PORT [WORKSPACE]`.

`gancheng serve` starts it. Here: what the process reads from its environment. Not here: the gateway, and how the
process ends (.server).
"""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path

from assets.core.paths import Paths
from assets.core.settings import read_settings
from pipelines.orchestration.dagster_internals.web_page import serve_page
from pipelines.orchestration.gateway import HOST, LINK_VARIABLE, Gateway


def main() -> None:
    """Serve the page until SIGTERM."""
    port, *workspace = int(sys.argv[1]), *map(Path, sys.argv[2:])
    own = [f"{name}:{port}" for name in (HOST, "localhost")]
    hosts = frozenset([*own, *read_settings(Paths.from_environment()).web_page.hosts])
    # Cookies of one machine do not know ports: two served directories need two names.
    wrap = partial(Gateway, hosts=hosts, token=os.environ.pop(LINK_VARIABLE), cookie=f"gancheng-{port}")
    serve_page(workspace[0] if workspace else "pipelines.definitions", HOST, port, wrap)


if __name__ == "__main__":
    main()
