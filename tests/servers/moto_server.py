"""A server of object storage: that of moto, which here keeps what was put and decides one put at a time.

S3 itself loses nothing and lets one of two conditional puts win; moto holds all in memory, and its threads may let both
win. Run by the environment of moto.lock: `python moto_server.py PORT JOURNAL`.
"""

from __future__ import annotations

import logging
import pickle
import sys
import threading
from io import BytesIO
from pathlib import Path

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple
from werkzeug.test import run_wsgi_app

_READS = ("GET", "HEAD")


class Durable:
    """What changes something is written down before it is done, and done again by a server that is started anew."""

    def __init__(self, journal: Path) -> None:
        self._app = DomainDispatcherApplication(create_backend_app)
        self._one_at_a_time = threading.Lock()
        self._journal = journal.open("a+b")
        self._journal.seek(0)
        while kept := self._next():
            environ, body = kept
            run_wsgi_app(self._app, {**environ, "wsgi.input": BytesIO(body), "wsgi.errors": sys.stderr})

    def __call__(self, environ, start_response):
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(body)
        with self._one_at_a_time:
            if environ["REQUEST_METHOD"] not in _READS:
                plain = {name: said for name, said in environ.items() if isinstance(said, str | int | bool | tuple)}
                pickle.dump((plain, body), self._journal)
                self._journal.flush()
            return self._app(environ, start_response)

    def _next(self):
        try:
            return pickle.load(self._journal)
        except EOFError:
            return None


if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    run_simple("127.0.0.1", int(sys.argv[1]), Durable(Path(sys.argv[2])), threaded=True)
