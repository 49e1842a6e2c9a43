"""The list of releases as a file, `index.json` in the folder of the releases, for readers over HTTP.

Here: which release is the newest and where its main files are; paths are relative to the list. Not here: the manifest
of a release, and the list as people read it (assets.release.publish.retention).
"""

from __future__ import annotations

import json

from assets.core.files import write_atomically
from assets.core.paths import Paths
from assets.release.publish.current import find_current_folder
from assets.release.publish.file_names import CSV, DATABASE, PARQUET, REPORT_INDEX, WORKBOOK
from assets.release.publish.manifest import MANIFEST_NAME, Manifest
from assets.release.read.reader import read_manifests

INDEX = "index.json"


def write_index(paths: Paths) -> None:
    """Write the list of all complete releases, the newest first, with the one that is current."""
    current = find_current_folder(paths)
    content = {
        "current": None if current is None else current.name,
        "releases": [_describe(manifest) for manifest in reversed(read_manifests(paths).values())],
    }
    write_atomically(paths.releases / INDEX, json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def _describe(manifest: Manifest) -> dict[str, object]:
    folder, listed = manifest.release_id, {file.path for file in manifest.files}
    files = {
        "database": DATABASE,
        "scorecard_long_parquet": f"{PARQUET}/scorecard_long.parquet",
        "scorecard_wide_parquet": f"{PARQUET}/scorecard_wide.parquet",
        "scorecard_long_csv": f"{CSV}/scorecard_long.csv",
        "scorecard_wide_csv": f"{CSV}/scorecard_wide.csv",
        "workbook": WORKBOOK,
        "report": REPORT_INDEX,
    }
    return {
        "release_id": manifest.release_id,
        "released_at": manifest.run.released_at.isoformat(),
        "as_of": None if manifest.run.as_of is None else manifest.run.as_of.isoformat(),
        "method_version": manifest.method_version,
        "content_digest": manifest.content_digest,
        "manifest": f"{folder}/{MANIFEST_NAME}",
        "files": {name: f"{folder}/{path}" for name, path in files.items() if path in listed},
    }
