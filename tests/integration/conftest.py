"""The small dataset and registry of the unit tests."""

from tests.unit.conftest import fairs, intake, registry, work

__all__ = ["fairs", "intake", "registry", "work"]
