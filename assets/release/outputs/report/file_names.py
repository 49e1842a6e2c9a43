"""Where the report stands in a release folder."""

FOLDER = "report"
FIRST_PAGE = f"{FOLDER}/index.html"
CHECKS = "checks"  # below the report: a page a table
