"""The candidate database as it is opened."""

from __future__ import annotations

from pathlib import Path

from assets.paths import Paths
from assets.warehouse.connection import Warehouse


def test_what_does_not_fit_into_the_memory_of_a_run_is_put_on_the_disk(tmp_path: Path) -> None:
    with Warehouse(Paths(tmp_path)).connect() as connection:
        ((limit,),) = connection.execute("select current_setting('memory_limit')").fetchall()
        ((where,),) = connection.execute("select current_setting('temp_directory')").fetchall()
    assert limit == "1.8 GiB"
    assert Path(where).is_relative_to(tmp_path / "warehouse")
