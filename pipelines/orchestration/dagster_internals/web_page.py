"""Dagster's page behind the gateway, in one process and on one port of this machine.

What belongs here: Dagster's web application, in which a request reads unless the gateway lets it change something. What
does not: the rules of the gateway (pipelines.orchestration.gateway).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn
from dagster import DagsterInstance
from dagster import __version__ as dagster_version
from dagster._core.workspace.context import WorkspaceProcessContext, WorkspaceRequestContext
from dagster._core.workspace.load_target import ModuleTarget, WorkspaceFileTarget
from dagster_webserver.webserver import DagsterWebserver
from graphql import GraphQLError, OperationDefinitionNode, OperationType, parse
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.types import ASGIApp

from pipelines.orchestration.gateway import MAY_CHANGE

_END_SECONDS = 5


class _Webserver(DagsterWebserver[WorkspaceProcessContext, WorkspaceRequestContext]):
    """Dagster's web server, whose requests are read-only unless the gateway marked them."""

    def _make_request_context(self, conn: HTTPConnection) -> WorkspaceRequestContext:
        context = self._process_context
        return WorkspaceRequestContext(
            instance=context.instance,
            current_workspace=context.get_current_workspace(),
            process_context=context,
            version=context.version,
            source=conn,
            read_only=not conn.scope.get(MAY_CHANGE, False),
        )

    async def gen_graphql_response(
        self, request_context: WorkspaceRequestContext, query: str, *args: Any, **kwargs: Any
    ) -> JSONResponse:
        """Execute a query. Some mutations of Dagster ask for no permission, so a reader's are not executed at all."""
        if request_context.read_only and not _is_query(query):
            return JSONResponse({"data": None, "errors": [{"message": "read-only: open the link with the token"}]}, 403)
        return await super().gen_graphql_response(request_context, query, *args, **kwargs)


def _is_query(text: str) -> bool:
    """Whether all operations of a document read; what cannot be parsed is not executed either."""
    try:
        definitions = parse(text).definitions
    except GraphQLError:
        return True
    except RecursionError:
        return False
    operations = [one.operation for one in definitions if isinstance(one, OperationDefinitionNode)]
    return all(operation is OperationType.QUERY for operation in operations)


def serve_page(target: str | Path, host: str, port: int, wrap: Callable[[ASGIApp], ASGIApp]) -> None:
    """Serve the page of some definitions until SIGTERM.

    Args:
        target: the module with the definitions, or a workspace file of Dagster that names them.
        host: the address to listen on.
        port: its port.
        wrap: returns the application of the gateway around that of Dagster.
    """
    with (
        DagsterInstance.get() as instance,
        WorkspaceProcessContext(
            instance,
            WorkspaceFileTarget([str(target)]) if isinstance(target, Path) else ModuleTarget(target, None, None, None),
            version=dagster_version,
            code_server_log_level="WARNING",
        ) as context,
    ):
        uvicorn.run(
            wrap(_Webserver(context).create_asgi_app()),
            host=host,
            port=port,
            log_level="warning",
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=_END_SECONDS,
        )
