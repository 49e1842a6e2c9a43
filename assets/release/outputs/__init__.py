"""The files of a release for readers: report, workbook, returns, exports, data package. Not here: their order."""
