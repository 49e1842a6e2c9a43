"""Names of the files and folders in a release, apart from its manifest, and names that no file of it may have."""

import re

DATABASE = "gancheng.duckdb"
CHANGELOG = "CHANGES.md"
WORKBOOK = "workbook.xlsx"
PARQUET = "parquet"
CSV = "csv"
REPORT = "report"
REPORT_INDEX = f"{REPORT}/index.html"
CHECK_PAGES = "checks"  # below the report: one page for each table
# Windows opens a device by such a name.
DEVICE_NAMES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
