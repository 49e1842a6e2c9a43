"""Reads `releases/current` in a loop until its input closes; ends with the number of rounds, or with what was mixed.

Run as a process of its own by test_publication.py: `python looping_reader.py DATA PAUSE`. It knows nothing of the
project: it reads as an analyst would, with DuckDB and pyarrow.
"""

import json
import select
import sys
from pathlib import Path

import duckdb
import pyarrow.parquet as pq


def numbers_in_database(link: Path) -> set[str]:
    """By way of `current` itself: one open file is one release."""
    with duckdb.connect(str(link / "gancheng.duckdb"), read_only=True, config={"threads": 1}) as connection:
        found = connection.execute(
            """
            select note_en from reference.sources
            union select note from scorecards.indicator_scores
            union select note from observations.city_observations
            """
        ).fetchall()
        views = connection.execute("select count(*) from 中文.指标得分").fetchone()
        assert views == (4,), views
    return {number for (number,) in found}


def numbers_in_files(folder: Path) -> set[str]:
    """In a folder looked up once: all files are of one release."""
    columns = {"sources": "note_en", "indicator_scores": "note", "city_observations": "note"}
    tables = {name: pq.read_table(folder / "parquet" / f"{name}.parquet", use_threads=False) for name in columns}
    manifest = json.loads((folder / "MANIFEST.json").read_text("utf-8"))
    package = json.loads((folder / "datapackage.json").read_text("utf-8"))
    assert manifest["release_id"] == package["version"] == folder.name
    return {cell for name, column in columns.items() for cell in tables[name][column].to_pylist()}


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(data: Path, pause: float) -> None:
    link = data / "releases" / "current"
    rounds, seen = 0, set()
    while not select.select([sys.stdin], [], [], pause)[0]:
        for numbers in (numbers_in_database(link), numbers_in_files(link.resolve())):
            assert len(numbers) == 1, numbers
            seen |= numbers
        rounds += 1
        if rounds == 1:
            _say("reading")
    _say(json.dumps([rounds, sorted(seen)]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
