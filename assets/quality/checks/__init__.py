"""Checks of the candidate with Great Expectations. Not here: detectors (assets.quality.anomalies)."""
