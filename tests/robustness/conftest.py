"""The small dataset and registry of the unit tests."""

from tests.unit.conftest import fairs, intake, registry, take_in, work

__all__ = ["fairs", "intake", "registry", "take_in", "work"]
