"""How often a proof is tried: a few times in the test command, as often as is claimed under `make prove`."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

IS_PROVING = os.environ.get("GANCHENG_PROVE") == "1"


def times(short: int, long: int) -> int:
    return long if IS_PROVING else short


def inputs(short: int, long: int) -> settings:
    """Hypothesis with this many inputs. What stays in a fixture between them is meant to."""
    return settings(
        max_examples=times(short, long),
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
    )
