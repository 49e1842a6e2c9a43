"""The report: the release as a static site in Chinese and English that opens from a folder without a network."""
