"""The candidate database as it is opened."""

from __future__ import annotations

from pathlib import Path

import duckdb

from assets.core.paths import Paths
from assets.warehouse.connection import STORAGE_VERSION, Warehouse, has_release_format


def test_what_does_not_fit_into_the_memory_of_a_run_is_put_on_the_disk(tmp_path: Path) -> None:
    with Warehouse(Paths(tmp_path)).connect() as connection:
        ((limit,),) = connection.execute("select current_setting('memory_limit')").fetchall()
        ((where,),) = connection.execute("select current_setting('temp_directory')").fetchall()
    assert limit == "1.8 GiB"
    assert Path(where).is_relative_to(tmp_path / "warehouse")


def test_a_candidate_in_a_format_that_is_not_published_is_begun_anew(tmp_path: Path) -> None:
    warehouse = Warehouse(Paths(tmp_path))
    warehouse.paths.candidate.parent.mkdir()
    for version, left in ((STORAGE_VERSION, ["t"]), ("latest", [])):
        warehouse.paths.candidate.unlink(missing_ok=True)
        with duckdb.connect(str(warehouse.paths.candidate), config={"storage_compatibility_version": version}) as other:
            other.execute("create table t as select 1")
        warehouse.open()
        with warehouse.connect() as connection:
            assert has_release_format(connection)
            assert [name for (name,) in connection.execute("show tables").fetchall()] == left
        warehouse.close()
