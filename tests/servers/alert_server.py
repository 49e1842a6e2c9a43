"""A web server on this machine that stores the alerts it receives."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

SECRET = "s3cret-token"


class AlertServer:
    """What a server received, and the HTTP status that it answers."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.messages: list[dict[str, str]] = []
        self.answer = 200

    @property
    def titles(self) -> list[str]:
        return [message["title"] for message in self.messages]


@contextmanager
def serve_alerts() -> Iterator[AlertServer]:
    """Serve on a free port until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            if alert_server.answer == 200:
                alert_server.messages.append(json.loads(content))
            self.send_response(alert_server.answer)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: object) -> None: ...

    http_server = HTTPServer(("127.0.0.1", 0), Handler)
    alert_server = AlertServer(f"json://127.0.0.1:{http_server.server_port}/{SECRET}")
    thread = threading.Thread(target=http_server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield alert_server
    finally:
        http_server.shutdown()
        thread.join()
        http_server.server_close()
