"""The floor: bare DuckDB reads the inbox, writes it as Parquet and reads that into a table. Nothing is checked."""

from __future__ import annotations

import sys
from pathlib import Path

from assets.warehouse.connection import connect_in_memory, quote_literal


def main(province: Path, target: Path) -> None:
    with connect_in_memory() as connection:
        for dataset in sorted((province / "inbox").iterdir()):
            parquet = quote_literal(target / f"{dataset.name}.parquet")
            rows = f"read_csv({quote_literal(dataset / '*.csv')}, all_varchar = true)"
            connection.execute(f"copy (select * from {rows}) to {parquet} (format parquet)")
            connection.execute(f"create table {dataset.name} as select * from read_parquet({parquet})")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
