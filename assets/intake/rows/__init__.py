"""Rows: validation, errors and duplicate keys. Not here: how one cell is parsed."""
