"""Names of the files and folders in a release, apart from its manifest."""

DATABASE = "gancheng.duckdb"
CHANGELOG = "CHANGES.md"
WORKBOOK = "workbook.xlsx"
PARQUET = "parquet"
CSV = "csv"
REPORT = "report"
REPORT_INDEX = f"{REPORT}/index.html"
CHECK_PAGES = "checks"  # below the report: one page for each table
