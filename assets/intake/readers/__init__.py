"""Readers: text and Excel files as rows of text. Not here: the meaning of cells."""
