"""Contracts of datasets: what a file that arrives must look like, and which indicators its rows feed.

Here: reading `data/contracts/*.yml`, checking them against the registry, and the table that the accepted rows become.
Not here: how a cell is read (assets.intake.values.cell_parsers).
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Hashable, Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from assets.core.errors import DataError, Issue
from assets.warehouse.tables import Column, ColumnType, Table

FieldType = Literal["place", "place_code", "text", "integer", "number", "date", "boolean", "indicator", "unit"]

_COLUMN_TYPES: dict[FieldType, ColumnType] = {
    "text": "varchar",
    "integer": "double",  # counts may arrive as 8087.0; wholeness is checked, the type stays one with the other figures
    "number": "double",
    "date": "date",
    "boolean": "boolean",
    "indicator": "varchar",
    "unit": "varchar",
}


# Where a row is from, the codes into which its place is resolved, and what stands in files that we sent back.
_HOUSE_COLUMNS = {"city_code", "province_code", "file_sha256", "sheet", "line", "other_cells"}
_FIGURES = ("number", "integer")

RETURN_ID = "return_id"
# Columns of a returned file: the first says which rejected row a row corrects, the others are told to the sender.
RETURN_HEADERS: dict[str, str | None] = {
    "退回编号": RETURN_ID,
    RETURN_ID: RETURN_ID,
    "退回原因": None,
    "return_reason": None,
    "处理办法": None,
    "return_remedy": None,
}


def normalise_header(header: str) -> str:
    """A header without what does not tell it apart: width of characters, spaces, case."""
    return "".join(unicodedata.normalize("NFKC", header).split()).casefold()


class ContractColumn(BaseModel):
    """One column of a file.

    `qualified` lets a figure be approximate (80余); its qualifier then gets its own column. `takes_counties` lets a
    place be a county, which counts for its city.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: FieldType
    zh: str
    en: str
    unit: str | None = None
    required: bool = False
    qualified: bool = False
    takes_counties: bool = False
    aliases: tuple[str, ...] = ()
    allowed: tuple[str, ...] | None = None
    min: float | None = None
    max: float | None = None
    references: str | None = None

    @model_validator(mode="after")
    def _rules_fit_the_type(self) -> ContractColumn:
        if self.type not in _FIGURES and (self.qualified or self.min is not None or self.max is not None):
            raise ValueError(f"min, max and qualified are for numbers, not for {self.type}")
        if self.allowed is not None and self.type not in ("text", "indicator", "unit"):
            raise ValueError(f"allowed is for words, not for {self.type}")
        if self.takes_counties and self.type != "place":
            raise ValueError(f"takes_counties is for places, not for {self.type}")
        if self.references is not None and not re.fullmatch(r"\w+\.\w+", self.references):
            raise ValueError(f"references must be table.column, not {self.references}")
        return self


class Deadline(BaseModel):
    """When figures are awaited: those of a year on this day of the year after it, from the year `since` on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    month: int = Field(ge=1, le=12)
    day: int = Field(ge=1, le=31)
    since: int = Field(ge=1949, le=2100)

    @model_validator(mode="after")
    def _day_is_in_every_year(self) -> Deadline:
        try:
            date(2001, self.month, self.day)
        except ValueError as error:
            raise ValueError(f"not every year has the day {self.on}") from error
        return self

    @property
    def on(self) -> str:
        """Month and day, as a date writes them."""
        return f"{self.month:02}-{self.day:02}"


class Contract(BaseModel):
    """One dataset: the columns of its files, the key that no two rows share, and the indicators that it feeds.

    A header that no column has refuses the file, or is set aside with its cells where `unknown_columns` says so.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    dataset: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    zh: str
    en: str
    about_zh: str
    about_en: str
    key: tuple[str, ...] = Field(min_length=1)
    columns: dict[str, ContractColumn] = Field(min_length=1)
    feeds: tuple[str, ...] = Field(min_length=1)
    unknown_columns: Literal["refuse", "set_aside"] = "refuse"
    due: Deadline | None = None

    @model_validator(mode="after")
    def _key_and_place_are_columns(self) -> Contract:
        unknown = [name for name in self.key if name not in self.columns]
        if unknown:
            raise ValueError(f"key names no column: {', '.join(unknown)}")
        places = [name for name, column in self.columns.items() if column.type == "place"]
        if len(places) != 1:
            raise ValueError(f"exactly one column must have the type place, not {len(places)}")
        if not self.columns[places[0]].required:
            raise ValueError(f"{places[0]} must be required: a row of no place feeds nothing")
        qualifiers = {qualifier_column(name) for name, column in self.columns.items() if column.qualified}
        clash = sorted((_HOUSE_COLUMNS | set(RETURN_HEADERS) | qualifiers) & set(self.columns))
        if clash:
            raise ValueError(f"the house adds these columns itself: {', '.join(clash)}")
        missing = {"source_id", "source_grade"} - set(self.columns)
        if missing:
            raise ValueError(f"every row must say where its figures are from: {', '.join(sorted(missing))} is missing")
        return self

    @model_validator(mode="after")
    def _headers_name_one_column(self) -> Contract:
        named: dict[str, str] = {}
        for name, field in self.columns.items():
            for form in {name, field.zh, *field.aliases}:
                other = named.setdefault(normalise_header(form), name)
                if other != name:
                    raise ValueError(f"the header {form} would name two columns: {other}, {name}")
        return self

    @property
    def place(self) -> str:
        """The column that names the place."""
        return next(name for name, column in self.columns.items() if column.type == "place")

    def column_of(self, kind: FieldType) -> str | None:
        """The first column of a type, where there is one."""
        return next((name for name, column in self.columns.items() if column.type == kind), None)

    @property
    def place_code(self) -> str | None:
        """The column with the code of the place, where the contract has one beside the name."""
        return self.column_of("place_code")

    @property
    def table_name(self) -> str:
        return f"intake.{self.dataset}"

    def table(self) -> Table:
        """The table of accepted rows: a city or, for a total, an area above it; then the typed columns."""
        columns = {
            "city_code": Column(type="varchar", zh="城市代码（合计行为空）", en="City; empty in a total"),
            "province_code": Column(
                type="varchar", zh="上级区域代码（仅合计行）", en="Area above the city, in a total"
            ),
        }
        for name, field in self.columns.items():
            if field.type in ("place", "place_code"):
                continue
            columns[name] = Column(
                type=_COLUMN_TYPES[field.type],
                zh=field.zh,
                en=field.en,
                required=field.required,
                allowed=field.allowed,
                min=field.min,
                max=field.max,
            )
            if field.qualified:
                columns[qualifier_column(name)] = Column(
                    type="varchar",
                    zh=f"{field.zh}的限定（至少、约、不足）",
                    en=f"Qualifier of {name}: at_least, about, under",
                    allowed=("at_least", "about", "under"),
                )
        columns["other_cells"] = Column(
            type="varchar", zh="表式之外的列（JSON）", en="Cells of columns that the contract does not know, as JSON"
        )
        columns[RETURN_ID] = Column(
            type="varchar", zh="所更正的退回行编号", en="The rejected row that this row corrects"
        )
        columns["file_sha256"] = Column(type="varchar", required=True, zh="文件的 sha256", en="sha256 of the file")
        columns["sheet"] = Column(type="varchar", zh="工作表（CSV 为空）", en="Sheet; empty for CSV")
        columns["line"] = Column(type="bigint", required=True, min=1, zh="文件中的行号", en="Line in the file")
        return Table(
            schema_name="intake",
            name=self.dataset,
            zh=f"{self.zh}：{self.about_zh}",
            en=f"{self.en}. {self.about_en}",
            key=("file_sha256", "sheet", "line"),
            columns=columns,
        )


def qualifier_column(column: str) -> str:
    """The column that holds the qualifier of a figure."""
    return f"{column}_qualifier"


class _NoRepeats(yaml.SafeLoader):
    """YAML in which a key said twice is an error: the first of two columns would be gone without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        repeated = sorted({str(key) for key in keys if keys.count(key) > 1})
        if repeated:
            raise yaml.MarkedYAMLError(problem=f"said twice: {', '.join(repeated)}", problem_mark=node.start_mark)
        return super().construct_mapping(node, deep)


def read_contracts(folder: Path) -> dict[str, Contract]:
    """All contracts by dataset, or Stopped with what is wrong in each file."""
    contracts, issues = {}, []
    for file in sorted(folder.glob("*.yml")):
        try:
            content = yaml.load(file.read_text(encoding="utf-8"), Loader=_NoRepeats)  # noqa: S506 - a SafeLoader
            contract = Contract.model_validate(content)
        except (ValidationError, yaml.YAMLError, UnicodeDecodeError) as error:
            issues.append(_unreadable(file, error))
            continue
        if contract.dataset != file.stem:
            expected = f"dataset: {file.stem}"
            issues.append(Issue("contract_unreadable", contract.dataset, expected, f"contracts/{file.name}"))
        contracts[contract.dataset] = contract
    if issues:
        raise DataError(issues)
    return contracts


def _unreadable(file: Path, error: Exception) -> Issue:
    line, column = None, None
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        column, found = ".".join(str(part) for part in first["loc"]), first["msg"]
    else:
        mark = getattr(error, "problem_mark", None)
        line, found = (mark.line + 1 if mark else None), str(getattr(error, "problem", error))
    return Issue("contract_unreadable", found, "docs/contracts.md", f"contracts/{file.name}", line, column or None)


def check_contracts(
    contracts: Iterable[Contract], registry: Mapping[str, str], known_references: Iterable[str]
) -> Iterator[Issue]:
    """Contracts against the registry (indicator -> dataset): both must name each other, and nothing else."""
    fed: set[str] = set()
    references = set(known_references)
    for contract in contracts:
        file = f"contracts/{contract.dataset}.yml"
        fed.update(contract.feeds)
        for indicator in contract.feeds:
            if registry.get(indicator) != contract.dataset:
                own = [name for name, dataset in registry.items() if dataset == contract.dataset]
                nearest = difflib.get_close_matches(indicator, own or list(registry), n=1, cutoff=0.0)
                yield Issue("contract_indicator", indicator, nearest[0] if nearest else "", file, None, "feeds")
        for name, field in contract.columns.items():
            if field.references is not None and field.references not in references:
                yield Issue("foreign_key", field.references, "reference/", file, None, name)
    for indicator, dataset in registry.items():
        if indicator not in fed:
            expected = f"contracts/{dataset}.yml feeds"
            yield Issue("indicator_dataset", indicator, expected, "reference/indicators.csv", None, "dataset")
