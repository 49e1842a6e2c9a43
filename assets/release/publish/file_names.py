"""Names of what a release folder holds, beside its manifest."""

DATABASE = "gancheng.duckdb"
CHANGELOG = "CHANGES.md"
WORKBOOK = "workbook.xlsx"
PARQUET = "parquet"
