"""The workbook of a release, `workbook.xlsx`, for printing. Each sheet is built by a function of its own."""
