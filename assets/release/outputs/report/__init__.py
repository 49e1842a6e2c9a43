"""The report: the release as a static site in Chinese and English, which opens from a folder without a network."""
