"""The small dataset and registry of the unit tests."""

from tests.unit.conftest import fairs, intake, parse_file, registry, work

__all__ = ["fairs", "intake", "parse_file", "registry", "work"]
