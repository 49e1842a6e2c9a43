"""What a form needs of the reference tables: cities, indicators, units of movement, names of sources.

Here: reading them from the data directory, so that a form can be made before the first run. Not here: the form
(assets.forms.form), figures of earlier years (assets.forms.history).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from assets.core.errors import Issue, UsageError
from assets.core.paths import Paths
from assets.core.text import normalise_name
from assets.intake.tables.contracts import Contract, read_contracts
from assets.intake.values.lookups import referenced_texts
from assets.reference.load import load_reference_tables
from assets.warehouse.connection import connect_in_memory
from assets.warehouse.tables import read_tables


@dataclass(frozen=True, slots=True)
class Indicator:
    """A registered indicator as a form explains it."""

    indicator_id: str
    dataset: str
    name: str
    definition: str
    formula: str
    unit: str
    scope: str
    kind: str
    minimum: float | None
    maximum: float | None
    is_scored: bool


@dataclass(frozen=True, slots=True)
class City:
    """A city of the registry; `forms` are its normalised names."""

    city_code: str
    name: str
    name_en: str
    forms: frozenset[str]


@dataclass(frozen=True)
class FormRegistry:
    """The contracts and the reference tables of a data directory.

    Attributes:
        contracts: all datasets by name.
        cities: all cities, by code.
        indicators: all indicators, by id.
        parameters: the parameters of the detectors, by detector and name.
        references: the names that may stand in a column that refers to a reference table, by table.column.
    """

    contracts: Mapping[str, Contract]
    cities: Mapping[str, City]
    indicators: Mapping[str, Indicator]
    parameters: Mapping[tuple[str, str], float]
    references: Mapping[str, tuple[str, ...]]

    def get_contract(self, dataset: str) -> Contract:
        """Return the contract of a dataset; raise UsageError where there is none."""
        if dataset not in self.contracts:
            raise UsageError(Issue("unknown_dataset", dataset, ", ".join(self.contracts)))
        return self.contracts[dataset]

    def get_cities(self, text: str | None) -> list[City]:
        """Return the city of a name or code, all cities for None; raise UsageError where no city has that name."""
        if text is None:
            return list(self.cities.values())
        matches = [city for city in self.cities.values() if normalise_name(text) in city.forms]
        if not matches:
            zh, en = zip(*((city.name, city.name_en) for city in self.cities.values()), strict=True)
            raise UsageError(Issue("unknown_city", text, "、".join(zh), expected_en=", ".join(en)))
        return matches[:1]

    def indicators_of(self, dataset: str) -> list[Indicator]:
        """Return the indicators that a dataset feeds, in the order of its contract."""
        names = self.contracts[dataset].indicators
        return [self.indicators[name] for name in names if name in self.indicators]


def read_form_registry(paths: Paths) -> FormRegistry:
    """Read contracts and reference tables of a data directory.

    Raises:
        DataError: the registry or a contract is broken.
        UsageError: the data directory is incomplete.
    """
    paths.check_complete()
    contracts = read_contracts(paths.contracts)
    tables = {name: table for name, table in read_tables(paths.sql).items() if table.schema_name == "reference"}
    with connect_in_memory() as connection:
        for content in load_reference_tables(tables, paths).values():
            content.write(connection)
        cities = connection.execute(
            """
            select city_code, name_zh, name_en, [city_code, name_zh, short_zh, name_en] from reference.cities order by 1
            """
        ).fetchall()
        indicators = connection.execute(
            """
            select indicator_id, dataset, name_zh, definition_zh, formula, unit, scope, kind, minimum, maximum,
                weight > 0 as is_scored
            from reference.indicators order by 1
            """
        ).fetchall()
        parameters = connection.execute(
            "select detector_id, parameter, value from reference.detector_parameters order by all"
        ).fetchall()
        references = {name for contract in contracts.values() for name in contract.references}
        texts = {name: tuple(sorted(referenced_texts(connection, name))) for name in sorted(references)}
    return FormRegistry(
        contracts,
        {code: City(code, zh, en, frozenset(map(normalise_name, forms))) for code, zh, en, forms in cities},
        {row[0]: Indicator(*row) for row in indicators},
        {(detector, name): value for detector, name, value in parameters},
        texts,
    )
