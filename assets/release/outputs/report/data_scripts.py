"""Scripts that hold data: the index of the search field, and the tables of the page on which readers write SQL.

Here: `search.js`, `sql-data.js`, and the program that runs the SQL (sql.js, unpacked). They are scripts because a page
of a folder may not read other files. Not here: the scripts that use them (static/).
"""

from __future__ import annotations

import json
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assets.release.outputs.report.queries import ReferenceData
from assets.release.read.queries import view_sql
from assets.warehouse.connection import Connection

# A browser holds so many rows in memory without trouble; a larger table is left out, and the page says so.
MAX_ROWS = 50_000

_PACKED = Path(__file__).parent / "static" / "sql-wasm.js.xz"
_NAMED = "scores.city_code, scores.city_zh, scores.city_en, scores.indicator_id, scores.name_zh, scores.name_en"
_TABLES = {
    "scores": f"""
        select {_NAMED}, dimension_id, data_status, value, unit, year, scope, attainment, place, status, target_value,
            target_year, target_authority, gap_to_target, trend, projected_year, projected_value, projected_low,
            projected_high, source_id, source_grade, file, line
        from ({view_sql("scorecard_rows")}) as scores where value is not null order by city_code, indicator_id
    """,
    "figures": """
        select city_code, indicator_id, year, scope, value, qualifier, source_id, source_grade, file, line
        from observations.current_observations order by city_code, indicator_id, year, scope
    """,
    "dimension_scores": f"""
        select basket_id, city_code, city_zh, city_en, dimension_id, name_zh, name_en, evidenced, possible, open, lost,
            rank, best_rank, worst_rank, indicators_scored, indicators_total
        from ({view_sql("dimension_score_rows")}) order by basket_id, city_code, dimension_position
    """,
    "cities": "select city_code, name_zh, short_zh, name_en from reference.cities order by city_code",
    "indicators": """
        select indicator_id, dimension_id, name_zh, name_en, unit, decimals, direction, scope, weight
        from reference.indicators order by indicator_id
    """,
    "targets": """
        select target_id, indicator_id, operator, value, value_high, unit, year, scope, authority, source_id,
            document_zh
        from reference.targets order by target_id
    """,
    "sources": "select source_id, publication_zh, publication_en, kind from reference.sources order by source_id",
}

# Chinese, English and statement of the examples on the page.
EXAMPLES = (
    (
        "各城市居首的指标",
        "The indicators in which each city is first",
        "select city_zh, city_en, name_zh, name_en, value, year\nfrom scores\nwhere place = 1\norder by city_code",
    ),
    (
        "各维度的得分和名次",
        "Scores and ranks by dimension",
        "select city_zh, city_en, name_zh, name_en, evidenced, possible, rank\nfrom dimension_scores\n"
        "where evidenced is not null\norder by basket_id, dimension_id, evidenced desc",
    ),
    (
        "未达到目标或参照值的数字",
        "Figures that miss their target or reference",
        "select city_zh, city_en, name_zh, name_en, value, target_value, gap_to_target, target_authority\nfrom scores\n"
        "where gap_to_target > 0\norder by name_en, gap_to_target desc",
    ),
    (
        "各城市历年数字的个数",
        "The number of figures by city and year",
        "select cities.name_zh, cities.name_en, figures.year, count(*) as figures\nfrom figures\n"
        "join cities using (city_code)\ngroup by 1, 2, 3\norder by 1, 3",
    ),
)

Row = dict[str, Any]


def write_search_index(target: Path, registry: ReferenceData, page_name: Callable[[str], str]) -> Path:
    """Write `search.js`: address, Chinese and English of each city, indicator and measure."""
    entries = [
        *([f"city/{page_name(code)}", row["name_zh"], row["name_en"]] for code, row in registry.cities.items()),
        *(
            [f"indicator/{page_name(name)}", row["name_zh"], row["name_en"]]
            for name, row in registry.indicators.items()
        ),
        *(
            [f"measure/{number}.html", f"{number} {row['title_zh']}", f"{number} {row['title_en']}"]
            for number, row in registry.measures.items()
        ),
    ]
    return _write_script(target / "search.js", "GANCHENG_SEARCH", entries)


def write_sql_data(target: Path, connection: Connection) -> tuple[list[Row], tuple[Path, ...]]:
    """Write `sql-data.js` and the unpacked `sql-wasm.js`.

    Returns:
        The tables with name, number of rows and columns, `is_left_out` where there are too many rows; and the files.
    """
    described, tables = [], {}
    for name, sql in _TABLES.items():
        result = connection.execute(f"select * from ({sql}) limit {MAX_ROWS + 1}")
        columns = [column[0] for column in result.description or ()]
        rows = result.fetchall()
        is_left_out = len(rows) > MAX_ROWS
        described.append({"name": name, "rows": len(rows), "columns": columns, "is_left_out": is_left_out})
        if not is_left_out:
            tables[name] = {"columns": columns, "rows": rows}
    program = target / "sql-wasm.js"
    program.write_bytes(lzma.decompress(_PACKED.read_bytes()))
    return described, (_write_script(target / "sql-data.js", "GANCHENG_TABLES", tables), program)


def _write_script(file: Path, name: str, content: object) -> Path:
    """Write the content as ASCII: no character of the data ends a string, is markup, or cannot be encoded."""
    text = json.dumps(content, separators=(",", ":"), allow_nan=False, default=str).replace("<", "\\u003c")
    file.write_text(f"window.{name} = {text};\n", encoding="ascii", newline="\n")
    return file
