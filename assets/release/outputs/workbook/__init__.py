"""The workbook of a release, `workbook.xlsx`: what an office prints. Each sheet is a function of its own."""
