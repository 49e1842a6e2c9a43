"""A candidate with only the tables from which returns are written."""

from __future__ import annotations

from assets.warehouse.connection import Connection, quote_identifier

COLUMNS = {
    "intake.rejects": (
        "dataset, file, file_sha256, sheet, line bigint, error_number bigint, position bigint, column_name, code, "
        "actual, expected, reason_zh, reason_en, remedy_zh, remedy_en, raw_row, return_id, is_resolved boolean"
    ),
    "intake.sheets": ("dataset, file, file_sha256, sheet, encoding, delimiter, header_line bigint, header_text, notes"),
    "intake.files": "dataset, file, file_sha256, status",
    "intake.file_arrivals": "dataset, file_sha256, arrival bigint, file",
    "reference.cities": "city_code, name_zh, short_zh, name_en",
    "reference.aliases": "alias, city_code",
    "intake.contracts": "dataset, column_name, name_zh, type, aliases",
}
HEADER = "城市,年份,面积"
SHA = "0123456789" * 6 + "abcd"


class Candidate:
    """The tables from which returns are written, a few rows of each."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        for schema in ("quality", "reference", "intake"):
            connection.execute(f"create schema {schema}")
        for table, columns in COLUMNS.items():
            typed = (part if " " in part else f"{part} varchar" for part in columns.split(", "))
            connection.execute(f"create table {table} ({', '.join(typed)})")
        self.add("reference.cities", city_code="1", name_zh="甲市", short_zh="甲", name_en="Alpha")
        self.add("reference.cities", city_code="2", name_zh="乙市", short_zh="乙", name_en="Beta")
        self.add("reference.aliases", alias="甲城", city_code="1")
        self.add(
            "intake.contracts",
            dataset="parks",
            column_name="city",
            name_zh="城市",
            type="place",
            aliases="地区、设区市",
        )

    def add(self, table: str, **row: object) -> None:
        names = ", ".join(map(quote_identifier, row))
        marks = ", ".join("?" for _ in row)
        self.connection.execute(f"insert into {table} ({names}) values ({marks})", list(row.values()))

    def sheet(self, file: str, header: str = HEADER, sheet: str | None = None, delimiter: str = ",") -> None:
        values = {"delimiter": delimiter, "header_line": 1, "header_text": header}
        self.add("intake.sheets", dataset="parks", file=file, file_sha256=SHA, sheet=sheet, encoding="utf-8", **values)

    def arrival(self, number: int, file: str) -> None:
        self.add("intake.file_arrivals", dataset="parks", file_sha256=SHA, arrival=number, file=file)

    def reject(self, file: str, line: int | None, text: str | None, position: int | None = 3, **values: object) -> None:
        row: dict[str, object] = {"sheet": None, "error_number": 1, "column_name": "area", "code": "invalid_number"}
        row |= {"actual": "x", "expected": "1", "return_id": f"{line or 0:012x}", "is_resolved": False}
        row |= {"reason_zh": "不是数字", "reason_en": "No number", "remedy_zh": "请填数字", "remedy_en": "Write digits"}
        row |= {"dataset": "parks", "file": file, "file_sha256": SHA, "line": line, "raw_row": text}
        self.add("intake.rejects", **{**row, "position": position, **values})
