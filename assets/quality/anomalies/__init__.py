"""Detectors of implausible values, and the flags made of them. Not here: checks of tables (assets.quality.checks)."""
