"""The workbook of a release: its entry in the manifest, and in another office program."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import openpyxl

from assets.release.publish.file_names import WORKBOOK
from assets.release.publish.manifest import find_damages
from tests.builders.candidates import release_of, workbook_candidate
from tests.helpers.needs import needs


def test_the_workbook_is_in_the_manifest_and_no_part_of_the_content(tmp_path: Path) -> None:
    with workbook_candidate() as connection:
        release = release_of(connection, tmp_path)
    (listed,) = [file for file in release.manifest.files if file.path == WORKBOOK]
    assert not listed.is_content
    assert not find_damages(release.folder, release.manifest)


@needs("soffice", "libreoffice-calc")
def test_libreoffice_prints_it_to_pdf(tmp_path: Path) -> None:
    """With a profile of its own: LibreOffice may be running otherwise."""
    with workbook_candidate() as connection:
        release = release_of(connection, tmp_path / "data")
    book = openpyxl.load_workbook(release.folder / WORKBOOK)
    command = [
        "soffice",
        f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}",
        "--headless",
        "--convert-to",
        "pdf",
    ]
    done = subprocess.run(
        [*command, "--outdir", str(tmp_path), str(release.folder / WORKBOOK)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    printed = tmp_path / "workbook.pdf"
    assert printed.is_file(), done.stderr
    pages = re.findall(rb"/Type\s*/Page\b", printed.read_bytes())
    assert len(pages) >= len(book.sheetnames)
