"""The container files: pinned images, no root, a read-only file system, and the same rules as the pages.

hadolint checks the Dockerfile where it is installed. No engine runs here, so no image is built by a test.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml

from assets.core.paths import PROJECT_ROOT

FOLDER = PROJECT_ROOT / "deploy" / "container"
DOCKERFILE = (FOLDER / "Dockerfile").read_text(encoding="utf-8")
SERVICES: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yml").read_text(encoding="utf-8"))["services"]


def test_every_image_has_an_exact_version() -> None:
    images = [
        *re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE),
        *(s["image"] for s in SERVICES.values() if "image" in s),
    ]
    assert len(images) == 4
    assert all(re.fullmatch(r"[a-z]+:\d+\.\d+(\.\d+)?-[a-z-]+", image) for image in images)


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_writes_into_its_image_or_gains_rights(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "build" in service or service["user"] not in ("", "root", "0")


def test_only_the_proxy_is_reached_from_outside_and_a_restart_of_the_page_leaves_it_its_network() -> None:
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"proxy"}
    shared = {name: service["network_mode"] for name, service in SERVICES.items() if "network_mode" in service}
    assert shared == {"gancheng": "service:proxy"}


def test_the_image_runs_without_root_and_says_whether_it_answers() -> None:
    last = DOCKERFILE.rsplit("FROM ", 1)[1]
    assert re.findall(r"^USER (\S+)", last, re.MULTILINE) == ["10001"]
    assert "HEALTHCHECK" in last
    installs = [line for line in DOCKERFILE.splitlines() if "pip install" in line]
    assert all("--require-hashes" in line or "--no-index" in line for line in installs)


def test_the_packages_of_the_server_are_those_of_the_lock() -> None:
    lock = (PROJECT_ROOT / "requirements-dev.lock").read_text(encoding="utf-8")
    for entry in re.split(r"\n(?=[a-z])", (FOLDER / "server.lock").read_text(encoding="utf-8").strip()):
        assert f"\n{entry}\n" in lock


def test_the_proxy_has_the_rules_of_the_page_on_security() -> None:
    page = (PROJECT_ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    assert f"```nginx\n{(FOLDER / 'nginx.conf').read_text(encoding='utf-8')}```" in page


@pytest.mark.skipif(shutil.which("hadolint") is None, reason="hadolint is not installed")
def test_hadolint_accepts_the_dockerfile() -> None:
    done = subprocess.run(["hadolint", str(FOLDER / "Dockerfile")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
