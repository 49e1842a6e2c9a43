"""The small dataset and registry of the unit tests."""

from tests.integration.conftest import countries
from tests.unit.conftest import fairs, intake, registry, take_in, work

__all__ = ["countries", "fairs", "intake", "registry", "take_in", "work"]
