"""The process of the web page: `python -m pipelines.orchestration.web_server PORT`, started by `gancheng serve`.

Here: what the process reads from its environment. Not here: the gateway, and how the process ends (.server).
"""

from __future__ import annotations

import os
import sys
from functools import partial

from assets.core.paths import Paths
from assets.core.settings import read_settings
from pipelines.orchestration.dagster_internals.web_page import serve_page
from pipelines.orchestration.gateway import HOST, LINK_VARIABLE, Gateway


def main() -> None:
    """Serve the page until SIGTERM."""
    port = int(sys.argv[1])
    own = [f"{name}:{port}" for name in (HOST, "localhost")]
    hosts = frozenset([*own, *read_settings(Paths.from_environment()).web_page.hosts])
    # Cookies of one machine do not know ports: two served directories need two names.
    wrap = partial(Gateway, hosts=hosts, token=os.environ.pop(LINK_VARIABLE), cookie=f"gancheng-{port}")
    serve_page("pipelines.definitions", HOST, port, wrap)


if __name__ == "__main__":
    main()
