"""The published database opens in older clients, each in an environment of its own that `make test` sets up."""

from __future__ import annotations

import json
import subprocess

import pytest

from assets.core.paths import PROJECT_ROOT
from tests.builders.data_directories import Place

CLIENTS = PROJECT_ROOT / ".venv" / "older-duckdb"

READ = """
import json, sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
tables = connection.execute("select schema_name || '.' || table_name from duckdb_tables() order by all").fetchall()
counts = {name: connection.execute(f"select count(*) from {name}").fetchone()[0] for (name,) in tables}
comment = connection.execute("select comment from duckdb_tables() where table_name = 'city_scores'").fetchone()[0]
views = connection.execute("select schema_name, view_name from duckdb_views() where not internal").fetchall()
rows = {schema: [] for schema, _ in views}
for schema, view in sorted(views):
    rows[schema].append(connection.execute(f'select count(*) from {schema}."{view}"').fetchone()[0])
card = connection.execute("select count(*) from scorecard('A')").fetchone()[0]
gaps = connection.execute("select count(*) from gap_to_target('country_statistics')").fetchone()[0]
trend = connection.execute("from trend('A', 'country_statistics.life_years')").fetchall()
print(json.dumps([duckdb.__version__, counts, comment, rows, card, gaps, len(trend)]))
"""

# The schemas of names also have these views, beside a view of each table.
SCORECARDS = """
select count(*) as n from presentation.scorecard_long union all select count(*) from presentation.scorecard_wide
"""


@pytest.mark.parametrize("version", ["1.2", "1.5"])
def test_an_older_client_reads_every_table_view_and_macro(countries: Place, version: str) -> None:
    python = CLIENTS / version / "bin" / "python"
    if not python.exists():
        pytest.skip(f"no environment with duckdb {version}: make test sets it up")
    database = countries.release().folder / "gancheng.duckdb"
    done = subprocess.run([str(python), "-c", READ, str(database)], capture_output=True, text=True, check=True)
    client, counts, comment, rows, card, gaps, trend = json.loads(done.stdout)
    assert client.startswith(f"{version}.")
    for row in countries.rows("select schema_name || '.' || table_name as name, estimated_size from duckdb_tables()"):
        assert counts[row["name"]] == row["estimated_size"]
    assert " | " in comment
    scorecards = [one["n"] for one in countries.rows(SCORECARDS)]
    for schema in ("中文", "en"):
        assert sorted(rows[schema]) == sorted([*counts.values(), *scorecards])
    views = countries.rows("select view_name from duckdb_views() where schema_name = 'presentation' order by all")
    for row, count in zip(views, rows["presentation"], strict=True):
        assert countries.rows(f"select count(*) as n from presentation.{row['view_name']}") == [{"n": count}]
    (own,) = countries.rows(
        """
        select (select count(*) from scorecard('A')) as card, (select count(*) from gap_to_target('country_statistics'))
            as gaps, (select count(*) from trend('A', 'country_statistics.life_years')) as trend
        """
    )
    assert (card, gaps, trend) == (own["card"], own["gaps"], own["trend"])
    assert card
    assert gaps
    assert trend
