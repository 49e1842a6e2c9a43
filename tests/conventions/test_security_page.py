"""What docs/security.md says of the installation: loopback alone, the locks, the tests it names, and its proxy."""

from __future__ import annotations

import base64
import re
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import metadata
from pathlib import Path

import yaml
from packaging.markers import Marker

from assets.core.paths import PROJECT_ROOT
from pipelines.orchestration.gateway import HOST
from tests.helpers.needs import found, needs

PAGE = (PROJECT_ROOT / "docs" / "security.md").read_text(encoding="utf-8")
SERVERS = (Path("/usr/sbin"), Path("/sbin"))
NGINX = found("nginx", *SERVERS)
PASSWORD = "open sesame"
PROXY_HOST = "gancheng.example.org"


def test_every_rule_of_the_page_names_tests_that_are_there() -> None:
    (table,) = re.findall(r"^## Enforced rules\n(.*?)^(?=\w)", PAGE, re.DOTALL | re.MULTILINE)
    rules = [row.strip("| ").split(" | ") for row in table.strip().splitlines()[2:]]
    assert len(rules) > 20
    assert {len(cells) for cells in rules} == {3}
    named = {rule: re.findall(r"`([^`]+)`", tests) for rule, _, tests in rules}
    assert [rule for rule, tests in named.items() if not tests] == []
    tests = {test for each in named.values() for test in each} | set(re.findall(r"`(tests/[^`]+)`", PAGE))
    missing = [test for test in sorted(tests) if not (PROJECT_ROOT / test).is_file() or "def test_" not in read(test)]
    assert missing == []


def read(name: str) -> str:
    return (PROJECT_ROOT / name).read_text(encoding="utf-8")


def test_telemetry_is_off() -> None:
    assert yaml.safe_load(read("dagster.yaml"))["telemetry"] == {"enabled": False}
    # Great Expectations reads the variable when it is imported.
    text = read("assets/quality/checks/gx_runner.py")
    assert 0 < text.index('os.environ["GX_ANALYTICS_ENABLED"] = "false"') < text.index("import great_expectations as")


def test_what_starts_the_page_starts_it_behind_the_gateway_on_this_machine() -> None:
    files = [
        PROJECT_ROOT / "Makefile",
        *(PROJECT_ROOT / "pipelines").rglob("*.py"),
        *(PROJECT_ROOT / "deploy").glob("*.service"),
    ]
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    assert HOST == "127.0.0.1"
    assert "0.0.0.0" not in text
    assert not re.search(r"dagster-webserver --|dagster dev -|-m dagster_webserver", text)
    assert "gancheng serve --paused" in text


def test_what_is_installed_is_what_the_locks_name() -> None:
    lock = (PROJECT_ROOT / "requirements-dev.lock").read_text(encoding="utf-8")
    pins = re.findall(r"^([a-z0-9][a-z0-9._-]*)==([^ ;\\]+)(?: ; ([^\\\n]*))?", lock, re.MULTILINE)
    wanted = {name: version for name, version, marker in pins if not marker or Marker(marker.strip()).evaluate()}
    assert len(wanted) > 100
    assert {name: metadata.version(name) for name in wanted} == wanted


def test_an_audit_that_looked_nothing_up_is_no_success() -> None:
    command = subprocess.run(
        ["make", "--no-print-directory", "--dry-run", "audit"],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()[-1]
    assert "--strict" in command
    assert f"`{command}`" in PAGE


class Behind(BaseHTTPRequestHandler):
    """Stands where Dagster's web server would."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "6")
        self.end_headers()
        self.wfile.write(b"behind")

    def log_message(self, *_arguments: object) -> None: ...


def asked(port: int, password: str | None = None, path: str = "/", body: bytes | None = None, **headers: str) -> int:
    """Return the status of a request; underscores in the names of headers are hyphens."""
    named = {name.replace("_", "-"): value for name, value in {"Host": PROXY_HOST, **headers}.items()}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, named)
    if password is not None:
        told = base64.b64encode(f"office:{password}".encode()).decode()
        request.add_header("Authorization", f"Basic {told}")
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@needs("nginx", "nginx-light", *SERVERS)
def test_the_proxy_of_the_page_needs_a_password_and_keeps_the_rules_of_the_gateway(tmp_path: Path) -> None:
    (block,) = re.findall(r"```nginx\n(.*?)```", PAGE, re.DOTALL)
    behind = HTTPServer(("127.0.0.1", 0), Behind)
    port = free_port()
    changed = {
        "listen 443 ssl;": f"listen 127.0.0.1:{port};",
        "http://127.0.0.1:3000": f"http://127.0.0.1:{behind.server_port}",
        "/etc/nginx/gancheng.users": str(tmp_path / "users"),
    }
    for before, after in changed.items():
        assert before in block
        block = block.replace(before, after)
    block = re.sub(r"\n *ssl_certificate[^\n]*", "", block)
    (tmp_path / "users").write_text(f"office:{{PLAIN}}{PASSWORD}\n", "utf-8")
    tmp_path.chmod(0o755)
    # Its workers are another user, who may not pass the folder of the tests.
    settings = f"user root;\ndaemon off;\npid {tmp_path}/pid;\nerror_log {tmp_path}/errors;\nevents {{}}\n"
    kept = "".join(
        f"{name}_temp_path {tmp_path}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (tmp_path / "conf").write_text(f"{settings}http {{\naccess_log off;\n{kept}{block}}}\n", "utf-8")
    serving = threading.Thread(target=behind.serve_forever, kwargs={"poll_interval": 0.01})
    serving.start()
    proxy = subprocess.Popen([str(NGINX), "-p", str(tmp_path), "-c", str(tmp_path / "conf")], stderr=subprocess.PIPE)
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        assert (asked(port), asked(port, "wrong"), asked(port, PASSWORD)) == (401, 401, 200)
        send = partial(asked, port, PASSWORD)
        own, json_type = f"https://{PROXY_HOST}", "application/json"
        assert (send("/runs", Origin=own), send("/graphql", Upgrade="websocket", Origin=own)) == (200, 200)
        # The server behind answers 501 to what it does not know, here POST.
        assert send("/graphql", b"{}", Content_Type=json_type, Origin=own) == 501
        assert send(Host="evil.test") == 421
        assert send("/graphql?query={version}") == 403
        for kind in ("text/plain", "text/plain; charset=application/json", "application/x-www-form-urlencoded"):
            assert send("/graphql", b"{}", Content_Type=kind) == 403
        for origin in ("https://evil.test", "null", f"{own}.evil.test", f"http://{PROXY_HOST}"):
            assert send("/graphql", b"{}", Content_Type=json_type, Origin=origin) == 403
            assert send("/graphql", Upgrade="websocket", Origin=origin) == 403
    finally:
        proxy.terminate()
        proxy.communicate()
        behind.shutdown()
        serving.join()
        behind.server_close()
