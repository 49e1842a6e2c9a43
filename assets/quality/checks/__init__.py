"""Checks of the candidate with Great Expectations, in a worker process. Not here: detectors (assets.quality.anomalies)."""
