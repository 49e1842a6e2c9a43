"""Paths of the report in the folder of a release."""

FOLDER = "report"
FIRST_PAGE = f"{FOLDER}/index.html"
CHECKS = "checks"  # folder of the report with one page per checked table
