"""The rules of the gateway: whatever a page of another host sends is refused, and reading changes nothing."""

from __future__ import annotations

import asyncio
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from pipelines.orchestration.gateway import MAY_CHANGE, Gateway, find_refusal

HOST = "127.0.0.1:3000"
HOSTS = frozenset([HOST, "localhost:3000", "gancheng.example.org"])
TOKEN, COOKIE = "open-sesame", "gancheng-3000"
SIZED = {"content-length": "2"}
JSON = {"content-type": "application/json", **SIZED}


def scope_of(
    method: str | None, path: str, headers: list[tuple[str, str]] | dict[str, str], query: str = "", host: str = HOST
) -> Scope:
    """Return the scope of a request; a method None is a WebSocket."""
    pairs = [("host", host), *(headers.items() if isinstance(headers, dict) else headers)]
    return {
        "type": "websocket" if method is None else "http",
        **({} if method is None else {"method": method}),
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs],
    }


def refusal_of(scope: Scope, *, may_change: bool = True) -> int | None:
    return find_refusal(HTTPConnection(scope), HOSTS, may_change=may_change)


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/", {}, None),
        ("HEAD", "/runs", {}, None),
        ("GET", "/runs", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, None),
        ("POST", "/graphql", JSON, None),
        ("POST", "/graphql", {**JSON, "origin": f"http://{HOST}", "sec-fetch-site": "same-origin"}, None),
        ("POST", "/graphql", {"content-type": "Application/JSON; charset=utf-8", **SIZED}, None),
        (None, "/graphql", {"origin": f"http://{HOST}"}, None),
        ("GET", "/graphql", {}, 405),
        ("PUT", "/graphql", JSON, 405),
        ("OPTIONS", "/graphql", {}, 405),
        ("POST", "/graphql", {}, 415),
        ("POST", "/graphql", {"content-type": "text/plain"}, 415),
        ("POST", "/graphql", {"content-type": "text/plain; charset=application/json"}, 415),
        ("POST", "/graphql", {"content-type": "application/graphql"}, 415),
        ("POST", "/graphql", {"content-type": "application/x-www-form-urlencoded"}, 415),
        ("POST", "/graphql", [("content-type", "text/plain"), ("content-type", "application/json")], 415),
        ("POST", "/graphql", {**JSON, "origin": "http://127.0.0.1:3001"}, 403),
        ("POST", "/graphql", {**JSON, "origin": "http://localhost:3000"}, 403),
        ("POST", "/graphql", {**JSON, "origin": "null"}, 403),
        ("POST", "/graphql", {**JSON, "origin": "http://["}, 403),
        ("POST", "/graphql", {"content-type": "application/json"}, 413),
        ("POST", "/graphql", {"content-type": "application/json", "transfer-encoding": "chunked"}, 413),
        ("POST", "/graphql", {"content-type": "application/json", "content-length": "10000000"}, 413),
        ("POST", "/graphql", {"content-type": "application/json", "content-length": "-1"}, 413),
        ("POST", "/graphql", {**JSON, "origin": f"file://{HOST}"}, 403),
        ("POST", "/graphql", {**JSON, "origin": f"http://{HOST}@evil.test"}, 403),
        ("POST", "/graphql", {**JSON, "sec-fetch-site": "same-site"}, 403),
        ("POST", "/graphql", {**JSON, "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, 403),
        ("GET", "/runs", {"sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors"}, 403),
        (None, "/graphql", {"origin": "http://evil.test"}, 403),
        (None, "/other", {"origin": f"http://{HOST}"}, 403),
        ("GET", "/", [("host", HOST)], 421),
    ],
)
def test_a_request_is_refused_by_its_first_broken_rule(
    method: str | None, path: str, headers: dict[str, str], status: int | None
) -> None:
    assert refusal_of(scope_of(method, path, headers)) == status


@pytest.mark.parametrize(
    "host", ["evil.test", "evil.test:3000", "127.0.0.1", "127.0.0.1:3001", "", f"{HOST}.evil.test"]
)
def test_another_host_reads_nothing(host: str) -> None:
    assert refusal_of(scope_of("GET", "/", {}, host=host)) == 421


@given(
    st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", None]),
    st.sampled_from(["/", "/graphql", "/report_asset_check/a", "/server_info"]),
    st.sampled_from(["text/plain", "application/json", ""]),
    st.from_regex(r"[a-z.:/0-9@\[\]]{0,30}", fullmatch=True).map(lambda text: text.replace(HOST, "")),
)
def test_no_other_origin_is_passed_on(method: str | None, path: str, kind: str, origin: str) -> None:
    assert refusal_of(scope_of(method, path, {"content-type": kind, "origin": origin})) is not None


def test_a_reader_posts_queries_alone() -> None:
    assert refusal_of(scope_of("POST", "/graphql", JSON), may_change=False) is None
    assert refusal_of(scope_of("POST", "/report_asset_check/a", JSON), may_change=False) == 403
    assert refusal_of(scope_of("POST", "/report_asset_check/a", JSON)) is None


async def show_rights(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse(f"may change: {scope[MAY_CHANGE]}")(scope, receive, send)


def answer_to(scope: Scope) -> tuple[int, dict[str, str], str]:
    """Return status, headers and body of the answer of a gateway."""
    messages: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        messages.append(message)

    asyncio.run(Gateway(show_rights, HOSTS, TOKEN, COOKIE)(scope, receive, send))
    headers = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
    return messages[0]["status"], headers, messages[-1]["body"].decode()


def test_the_link_gives_a_cookie_to_its_browser_and_no_other_text_does() -> None:
    status, headers, _ = answer_to(scope_of("GET", "//evil.test", {}, urlencode({"token": TOKEN})))
    assert (status, headers["location"]) == (303, "/")
    assert headers["set-cookie"] == f"{COOKIE}={TOKEN}; HttpOnly; Path=/; SameSite=strict"
    for wrong in ("", TOKEN[:-1], TOKEN.upper(), f"{TOKEN}x", "中文"):
        status, headers, _ = answer_to(scope_of("GET", "/", {}, urlencode({"token": wrong})))
        assert (status, headers.get("set-cookie")) == (403, None)


@pytest.mark.parametrize(
    ("cookie", "may_change"), [(f"{COOKIE}={TOKEN}", True), (f"{COOKIE}=x", False), (f"other={TOKEN}", False)]
)
def test_the_cookie_decides_who_may_change_something(cookie: str, may_change: bool) -> None:
    status, headers, body = answer_to(scope_of("GET", "/", {"cookie": cookie}))
    assert (status, body) == (200, f"may change: {may_change}")
    assert (headers["x-frame-options"], headers["content-security-policy"]) == ("DENY", "frame-ancestors 'none'")
