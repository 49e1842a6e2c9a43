"""An observation as the detectors examine it, and what they report of it.

Not here: the observations together and what is known about their series (assets.quality.anomalies.panel).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

Parameters = Mapping[str, float]
Series = list["Observation"]

# The standard deviation of a normal distribution is this many times its median absolute deviation (MAD); Rousseeuw and
# Croux, Alternatives to the Median Absolute Deviation, JASA 88 (1993).
MAD_TO_SIGMA = 1.4826


@dataclass(slots=True, eq=False)
class Observation:
    """A current value of a city, or of the province above the cities, with its source.

    Immutable by convention. `eq=False`: instances are compared by identity, because there is one per observation.
    """

    indicator_id: str
    city_code: str | None
    province_code: str | None
    year: int
    scope: str
    vintage: int
    value: float
    file: str
    file_sha256: str
    sheet: str | None
    line: int
    kind: str
    source_id: str = ""

    @property
    def text(self) -> str:
        """Return the value with at most ten significant digits."""
        return f"{self.value:.10g}"

    @property
    def year_and_value(self) -> str:
        """Return the year and the value."""
        return f"{self.year}: {self.text}"


@dataclass(frozen=True, slots=True)
class Anomaly:
    """An observation that a detector rejects, with the statistic that exceeds the threshold.

    `expected_text` names the values that the observation is compared with, `details` how they were computed.
    """

    observation: Observation
    statistic: float
    threshold: float
    expected_text: str = ""
    details: str = ""

    @property
    def value_text(self) -> str:
        """Return the value as it is shown to people."""
        return self.observation.text + self.details


@lru_cache(maxsize=1024)
def nearest_years(years: tuple[int, ...], count: int) -> tuple[tuple[int, ...], ...]:
    """Return for each position of a series the `count` nearest other positions, of two equally near the earlier first.

    Cached, because most series of a province have the same years.
    """
    return tuple(
        tuple(sorted((j for j in range(len(years)) if j != i), key=lambda j: (abs(years[j] - year), years[j]))[:count])
        for i, year in enumerate(years)
    )
