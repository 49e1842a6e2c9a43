"""The panel that every detector examines: the observations, and what the reference tables state about their series.

Not here: the observations as an array (assets.quality.anomalies.cube), the detectors.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from assets.quality.anomalies.cube import Cube, Limits, build_cube
from assets.quality.anomalies.observation import Observation, Series


@dataclass(frozen=True, slots=True)
class SeriesMetadata:
    """What the reference tables state about indicators.

    Attributes:
        additive: Indicators whose city values add up to the province's value.
        never_zero: Indicators that cannot be zero.
        ratios: (indicator, numerator, denominator, multiplier, maximum gap in years) of each derived indicator.
        scopes: The registered scope of each indicator.
        breaks: (indicator, city or None for all, first year after a change of definition or boundary).
        cities_of: The cities of each province.
        plans: The indicator of the plan of each indicator that has one.
        whole_of: The whole of each indicator that is a part.
        limits: Minimum, maximum and decimals of each indicator.
    """

    additive: frozenset[str] = frozenset()
    never_zero: frozenset[str] = frozenset()
    ratios: tuple[tuple[str, str, str, float, int], ...] = ()
    scopes: Mapping[str, str] = field(default_factory=dict)
    breaks: frozenset[tuple[str, str | None, int]] = frozenset()
    cities_of: Mapping[str, frozenset[str]] = field(default_factory=dict)
    plans: Mapping[str, str] = field(default_factory=dict)
    whole_of: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=dict)

    def has_break(self, observation: Observation) -> bool:
        """Return whether a listed break of the series explains a change into this year."""
        cities = (observation.city_code, None)
        return any((observation.indicator_id, city, observation.year) in self.breaks for city in cities)


@dataclass(frozen=True)
class Panel:
    """The observations that the detectors examine, and what is known about their series.

    `running_totals` are no observations of a year: each is given with the first year that it counts.
    """

    observations: Sequence[Observation]
    metadata: SeriesMetadata = SeriesMetadata()
    running_totals: Sequence[tuple[int, Observation]] = ()

    @cached_property
    def cube(self) -> Cube:
        """The observations of cities as one array, on the scale of their unit."""
        return build_cube(self.observations, self.metadata.limits)

    @cached_property
    def series(self) -> list[Series]:
        """The observations of each city, indicator and scope, by year."""
        return group_cities(self.observations, lambda o: (o.indicator_id, o.city_code, o.scope), lambda o: o.year)

    @cached_property
    def cross_sections(self) -> list[Series]:
        """The observations of all cities for each indicator, scope and year, by city."""
        return group_cities(self.observations, lambda o: (o.indicator_id, o.scope, o.year), lambda o: o.city_code)


def group_cities(
    observations: Iterable[Observation], group: Callable[[Observation], Any], order: Callable[[Observation], Any]
) -> list[Series]:
    """Return the observations of cities by group, sorted within each; without those of provinces."""
    groups: dict[Any, Series] = defaultdict(list)
    for observation in observations:
        if observation.city_code is not None:
            groups[group(observation)].append(observation)
    return [sorted(members, key=order) for _, members in sorted(groups.items())]
