"""Make one archive that installs Gancheng without a network: wheels, requirements, install scripts, checksums.

`python deploy/bundle/make_bundle.py --system windows --python 3.12` writes `dist/gancheng-<version>-windows-py312.zip`.
Here: which wheels a system needs, from the lock. Not here: what happens there (install.sh, install.cmd).
"""

from __future__ import annotations

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
# For each system the tags of its wheels, the newest last, and what the markers of the lock read there.
SYSTEMS = {
    "linux": (
        ["manylinux2014_x86_64", *(f"manylinux_2_{minor}_x86_64" for minor in range(17, 40))],
        {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "platform_machine": "x86_64"},
    ),
    "windows": (
        ["win_amd64"],
        {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt", "platform_machine": "AMD64"},
    ),
}


def main() -> None:
    """Make the archive that the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__)
    here = "windows" if sys.platform == "win32" else "linux"
    parser.add_argument("--system", choices=SYSTEMS, default=here)
    parser.add_argument("--python", default=f"{sys.version_info.major}.{sys.version_info.minor}")
    parser.add_argument("--target", type=Path, default=ROOT / "dist")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.write(f"{make_bundle(Path(folder), arguments.system, arguments.python, arguments.target)}\n")


def make_bundle(folder: Path, system: str, python: str, target: Path) -> Path:
    """Fill the folder and pack it; return the archive."""
    requirements = folder / "requirements.txt"
    requirements.write_text("".join(select_requirements(system, python)), encoding="utf-8", newline="\n")
    tags, _ = SYSTEMS[system]
    _pip(
        "download",
        *("--no-deps", "--only-binary=:all:", "--require-hashes", "--requirement", str(requirements)),
        *("--implementation", "cp", "--python-version", python),
        *(word for abi in (f"cp{python.replace('.', '')}", "abi3", "none") for word in ("--abi", abi)),
        *(word for tag in tags for word in ("--platform", tag)),
        *("--dest", str(folder / "wheels")),
    )
    _pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT))
    (wheel,) = folder.glob("gancheng-*.whl")
    for script, line_end in (("install.sh", "\n"), ("install.cmd", "\r\n")):
        text = Path(__file__).with_name(script).read_text(encoding="utf-8")
        (folder / script).write_text(text, encoding="utf-8", newline=line_end)
    sums = [
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(folder).as_posix()}\n"
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    ]
    (folder / "SHA256SUMS").write_text("".join(sums), encoding="utf-8", newline="\n")
    name = f"{'-'.join(wheel.name.split('-')[:2])}-{system}-py{python.replace('.', '')}"
    target.mkdir(parents=True, exist_ok=True)
    return Path(shutil.make_archive(str(target / name), "zip", folder))


def select_requirements(system: str, python: str) -> Iterator[str]:
    """Yield the entries of the lock that a system needs, with their hashes and without their markers."""
    _, markers = SYSTEMS[system]
    environment = {**default_environment(), **markers, "python_version": python, "python_full_version": f"{python}.0"}
    for entry in re.split(r"\n(?=[a-z])", (ROOT / "requirements.lock").read_text(encoding="utf-8")):
        requirement = Requirement(entry.split("\\", 1)[0].strip())
        if requirement.marker is None or requirement.marker.evaluate(environment):
            hashes = re.findall(r"--hash=\S+", entry)
            yield " \\\n    ".join([f"{requirement.name}{requirement.specifier}", *hashes]) + "\n"


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", *arguments, "--quiet", "--disable-pip-version-check"]
    subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
