"""The gateway around Dagster's page: which requests reach it, and which of them may change something.

Dagster knows no users, and any page of a browser can send requests to this machine. Here: the rules of a request. Not
here: Dagster's application (pipelines.orchestration.dagster_internals.web_page), the processes (.server).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

# The key of the scope that says whether the request may change something.
MAY_CHANGE = "gancheng.may_change"
HOST = "127.0.0.1"
# Where the process of the page finds the token.
LINK_VARIABLE = "GANCHENG_WEB_TOKEN"
LINK_PARAMETER = "token"
GRAPHQL = "/graphql"
# Up to 10 MB: the server keeps a whole request in memory.
_ALLOWED_LENGTH = re.compile("[0-9]{1,7}")
_HEADERS = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}


class Gateway:
    """An ASGI application that refuses what the rules of this module do not allow.

    Every request names a host of the list; one that comes from a page comes from a page of the same host. GET changes
    nothing, POST has JSON. Only a browser that opened the link with the token may change something.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str], token: str, cookie: str) -> None:
        """Args:
        app: the application behind the gateway.
        hosts: the names, with their port, under which the page may be opened.
        token: what the link contains that lets a browser change something.
        cookie: the name of the cookie that keeps it.
        """
        self._app, self._hosts, self._token, self._cookie = app, hosts, token, cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on with `MAY_CHANGE` set."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        may_change = self._is_token(connection.cookies.get(self._cookie, ""))
        status = find_refusal(connection, self._hosts, may_change=may_change)
        token = connection.query_params.get(LINK_PARAMETER)
        if status is not None:
            refusal = _refuse(status) if scope["type"] == "http" else WebSocketClose()
            await refusal(scope, receive, send)
        elif scope["type"] == "http" and token is not None:
            await self._open(token)(scope, receive, send)
        else:
            await self._app({**scope, MAY_CHANGE: may_change}, receive, _with_headers(send))

    def _is_token(self, text: str) -> bool:
        return secrets.compare_digest(text.encode(), self._token.encode())

    def _open(self, token: str) -> Response:
        """Return the answer to the link: the page, with a cookie instead of the token in its address."""
        if not self._is_token(token):
            return _refuse(403)
        response = RedirectResponse("/", 303)
        response.set_cookie(self._cookie, token, httponly=True, samesite="strict")
        return response


def find_refusal(connection: HTTPConnection, hosts: Collection[str], *, may_change: bool) -> int | None:
    """Return the status with which a request is refused, None for one that is allowed."""
    headers = connection.headers
    named = headers.getlist("host")
    if len(named) != 1 or named[0].lower() not in hosts:
        return 421
    if any(_host_of(origin) != named[0].lower() for origin in headers.getlist("origin")):
        return 403
    method = connection.scope.get("method")
    is_read = method in ("GET", "HEAD")
    is_opened = is_read and headers.get("sec-fetch-mode") == "navigate"
    if headers.get("sec-fetch-site", "none") not in ("none", "same-origin") and not is_opened:
        return 403
    is_graphql = connection.scope["path"] == GRAPHQL
    if method is None:  # a WebSocket, which carries subscriptions alone
        return None if is_graphql else 403
    if is_read:
        return 405 if is_graphql else None
    if method != "POST":
        return 405
    kinds = [kind.partition(";")[0].strip().lower() for kind in headers.getlist("content-type")]
    if kinds != ["application/json"]:
        return 415
    if not _ALLOWED_LENGTH.fullmatch(headers.get("content-length", "")):
        return 413
    return None if may_change or is_graphql else 403


def _host_of(origin: str) -> str | None:
    try:
        parts = urlsplit(origin)
    except ValueError:  # as for http://[
        return None
    return parts.netloc.lower() if parts.scheme in ("http", "https") else None


def _refuse(status: int) -> Response:
    return PlainTextResponse("refused by gancheng: docs/security.md\n", status)


def _with_headers(send: Send) -> Send:
    """Return a `send` that adds the headers which keep the page out of other pages."""

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(_HEADERS)
            # Dagster has a policy of its own; a browser obeys both.
            headers.append("Content-Security-Policy", "frame-ancestors 'none'")
        await send(message)

    return send_with_headers
