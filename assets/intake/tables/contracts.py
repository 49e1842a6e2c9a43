"""Contracts of datasets: the columns that an input file must have, and the indicators that its rows feed.

Here: reading `data/contracts/*.yml` with the words common to all, checking them against the registry, and the table of
the accepted rows. Not here: how a cell is parsed (assets.intake.values.cell_parsers).
"""

from __future__ import annotations

import difflib
import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from assets.core.errors import DataError, Issue, UsageError
from assets.core.strict_model import StrictModel
from assets.core.text import remove_invisible
from assets.core.yaml_files import FILE_ERRORS, describe_errors, read_yaml
from assets.warehouse.tables import Column, ColumnType, Table

ColumnKind = Literal["place", "place_code", "text", "integer", "number", "date", "boolean", "indicator", "unit"]

_COLUMN_TYPES: dict[ColumnKind, ColumnType] = {
    "text": "varchar",
    "integer": "double",  # counts may arrive as 8087.0; that they are whole is checked, the type is that of all numbers
    "number": "double",
    "date": "date",
    "boolean": "boolean",
    "indicator": "varchar",
    "unit": "varchar",
}

COMMON_WORDS = "common.yml"
RETURN_ID = "return_id"
SCOPE, DISTRICT, AS_OF, SINCE_YEAR = "scope", "district", "as_of", "since_year"
SOURCE_ID, SOURCE_GRADE, SOURCE_TEXT = "source_id", "source_grade", "source_text"
GAP_REASONS, OTHER_CELLS = "gap_reasons", "other_cells"
_TEXTS_WITHOUT_WORDS = ("published", "address")
_YEAR_UNIT = "年"
# Columns of every table of accepted rows: the codes of the place of a row, and its source.
_PLACE_COLUMNS = {
    "city_code": Column(type="varchar", zh="城市代码（合计行为空）", en="City; empty in a total"),
    "province_code": Column(type="varchar", zh="上级区域代码（仅合计行）", en="Area above the city, in a total"),
}
_SOURCE_COLUMNS = {
    GAP_REASONS: Column(
        type="varchar",
        zh="以文字代替数字的原因（JSON，按列）",
        en="Reasons given instead of figures, by column, as JSON",
        quoted=True,
    ),
    SOURCE_TEXT: Column(
        type="varchar",
        zh="未登记的来源原文（报送单位自己写明的来源）",
        en="The source in the words of the sender, where it is not a registered one",
        quoted=True,
    ),
    OTHER_CELLS: Column(
        type="varchar",
        zh="表式之外的列（JSON）",
        en="Cells of columns that the contract does not know, as JSON",
        quoted=True,
    ),
    RETURN_ID: Column(type="varchar", zh="所更正的退回行编号", en="The rejected row that this row corrects"),
    "file_sha256": Column(type="varchar", required=True, zh="文件的 sha256", en="sha256 of the file"),
    "sheet": Column(type="varchar", zh="工作表（CSV 为空）", en="Sheet; empty for CSV"),
    "line": Column(type="bigint", required=True, min=1, zh="文件中的行号", en="Line in the file"),
    "first_column": Column(
        type="bigint",
        min=1,
        zh="该行数据的首列（一行有几条数据时）",
        en="First column, where a line holds several rows",
    ),
    "figure_cells": Column(
        type="varchar",
        zh="各数字所在单元格（JSON，仅重新排列的表）",
        en="The cell of each column as JSON, in a sheet that was rearranged",
    ),
}
# Columns in which an office signs: who filled in the form, who checked it, when, and whether all has been sent.
SIGN_OFF_HEADERS: dict[str, str] = {
    **dict.fromkeys(("填报人", "填表人"), "filled_by"),
    **dict.fromkeys(("审核人", "复核人"), "checked_by"),
    **dict.fromkeys(("填报日期", "填表日期"), "filled_on"),
    "报送状态": "completion",
}
# Columns of a form with this before their names are for its reader alone.
REFERENCE_PREFIX = "参考:"
# Columns of a returned file: the number of the rejected row that a row corrects; the others are for the sender only.
RETURN_HEADERS: dict[str, str | None] = {
    "退回编号": RETURN_ID,
    RETURN_ID: RETURN_ID,
    "退回原因": None,
    "return_reason": None,
    "处理办法": None,
    "return_remedy": None,
}


def normalise_header(header: str) -> str:
    """Return the form in which headers are compared: without differences of width, spaces, invisible signs and case."""
    return "".join(remove_invisible(unicodedata.normalize("NFKC", header)).split()).casefold()


class ContractColumn(StrictModel):
    """One column of a file.

    `allow_qualifier` allows an approximate number (80余); its qualifier gets a column of its own. `accept_counties`
    allows a county as place, which counts for its city. `references` is a table.column of the reference tables.
    `labels` are the words in which offices know the allowed values; messages show the first one. Below
    a title that says plan every row must have one of the `planned_values`. The `min` and `max` of
    a date are years.
    """

    type: ColumnKind
    zh: str
    en: str
    unit: str | None = None
    required: bool = False
    allow_qualifier: bool = False
    accept_counties: bool = False
    aliases: tuple[str, ...] = ()
    allowed: tuple[str, ...] | None = None
    labels: dict[str, str | tuple[str, ...]] = Field(default={})
    planned_values: tuple[str, ...] = ()
    min: float | None = None
    max: float | None = None
    references: str | None = None

    @property
    def is_place(self) -> bool:
        """Whether the column names the place, by its name or its code."""
        return self.type in ("place", "place_code")

    @property
    def is_numeric(self) -> bool:
        """Whether the column holds numbers."""
        return self.type in ("number", "integer")

    @property
    def is_year(self) -> bool:
        """Whether the column holds calendar years."""
        return self.type == "integer" and self.unit == _YEAR_UNIT

    @property
    def is_categorical(self) -> bool:
        """Whether the column holds few different texts."""
        if self.type == "text":
            return self.allowed is not None or self.references is not None
        return not self.is_numeric

    @property
    def title(self) -> str:
        """The header by which offices know the column."""
        return self.aliases[0] if self.aliases else self.zh

    def labels_of(self, value: str) -> tuple[str, ...]:
        """Return the labels of an allowed value, the one to show first."""
        labels = self.labels.get(value, ())
        return (labels,) if isinstance(labels, str) else labels

    @property
    def shown_values(self) -> tuple[str, ...]:
        """The allowed values in the words in which offices know them."""
        return tuple(next(iter(self.labels_of(value)), value) for value in self.allowed or ())

    @model_validator(mode="after")
    def _check_rules_fit_type(self) -> ContractColumn:
        has_limits = self.min is not None or self.max is not None
        if not self.is_numeric and (self.allow_qualifier or (has_limits and self.type != "date")):
            raise ValueError(f"min, max and allow_qualifier are for numbers, not for {self.type}")
        unknown = sorted({*self.labels, *self.planned_values} - set(self.allowed or ()))
        if unknown:
            raise ValueError(f"labels and planned_values are allowed values, not {', '.join(unknown)}")
        if self.allowed is not None and self.type not in ("text", "indicator", "unit"):
            raise ValueError(f"allowed is for words, not for {self.type}")
        if self.accept_counties and self.type != "place":
            raise ValueError(f"accept_counties is for places, not for {self.type}")
        if self.references is not None and not re.fullmatch(r"\w+\.\w+", self.references):
            raise ValueError(f"references must be table.column, not {self.references}")
        return self


class Deadline(StrictModel):
    """When data is due: that of a year on this day of the next year, for the years from `first_year` on."""

    month: int = Field(ge=1, le=12)
    day: int = Field(ge=1, le=31)
    first_year: int = Field(ge=1949, le=2100)

    @model_validator(mode="after")
    def _check_day(self) -> Deadline:
        try:
            date(2001, self.month, self.day)
        except ValueError as error:
            raise ValueError(f"not every year has the day {self.on}") from error
        return self

    def of_year(self, year: int) -> date | None:
        """Return the day on which the figures of a year are due; None for the years before the first one."""
        return date(year + 1, self.month, self.day) if year >= self.first_year else None

    @property
    def on(self) -> str:
        """Month and day as in an ISO date."""
        return f"{self.month:02}-{self.day:02}"


class CommonWords(StrictModel):
    """Words around the tables of all datasets.

    Attributes:
        neutral_groups: words beside a header that do not change its meaning.
        ignored_headers: headers of columns that are not read.
        plan_words: words of a title over planned figures, unless it has one of the actual words.
        actual_words: words of a title over actual figures, as in 计划完成情况.
        forecast_words: words of a title over figures that are no actual ones, whatever else it says.
    """

    neutral_groups: tuple[str, ...] = ()
    ignored_headers: tuple[str, ...] = ()
    plan_words: tuple[str, ...] = ()
    actual_words: tuple[str, ...] = ()
    forecast_words: tuple[str, ...] = ()


class OwnSource(StrictModel):
    """The registered source that stands for a sender who names no registered one, and its grade."""

    source_id: str
    grade: str


class Contract(StrictModel):
    """One dataset: the columns of its files, the key that no two rows share, and the indicators that it feeds.

    Attributes:
        on_unknown_column: whether an unknown header rejects the file, or its cells are kept as JSON in `other_cells`.
        place_from: where the place of all rows may stand in a file without a column of it.
        year_from: the same for the year.
        layouts: what may stand in columns instead of rows.
        own_source: what stands for a sender that names no registered source.

    The lists of words add to those of `common.yml`.
    """

    dataset: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    zh: str
    en: str
    about_zh: str
    about_en: str
    key: tuple[str, ...] = Field(min_length=1)
    columns: dict[str, ContractColumn] = Field(min_length=1)
    indicators: tuple[str, ...] = Field(min_length=1)
    on_unknown_column: Literal["reject", "keep"] = "reject"
    place_from: tuple[Literal["title", "sheet", "sender"], ...] = ()
    year_from: tuple[Literal["title", "sheet"], ...] = ()
    layouts: tuple[Literal["years_in_columns", "places_in_columns"], ...] = ()
    neutral_groups: tuple[str, ...] = ()
    ignored_headers: tuple[str, ...] = ()
    plan_words: tuple[str, ...] = ()
    actual_words: tuple[str, ...] = ()
    forecast_words: tuple[str, ...] = ()
    own_source: OwnSource | None = None
    due: Deadline | None = None

    @model_validator(mode="after")
    def _check_columns(self) -> Contract:
        unknown = [name for name in self.key if name not in self.columns]
        if unknown:
            raise ValueError(f"key names no column: {', '.join(unknown)}")
        places = [name for name, column in self.columns.items() if column.type == "place"]
        if len(places) != 1:
            raise ValueError(f"exactly one column must have the type place, not {len(places)}")
        if not self.columns[places[0]].required:
            raise ValueError(f"{places[0]} must be required: a row of no place feeds nothing")
        qualifiers = {qualifier_column(name) for name, column in self.columns.items() if column.allow_qualifier}
        clash = sorted({*_PLACE_COLUMNS, *_SOURCE_COLUMNS, *RETURN_HEADERS, *qualifiers} & set(self.columns))
        if clash:
            raise ValueError(f"these columns are added to every table: {', '.join(clash)}")
        missing = {SOURCE_ID, SOURCE_GRADE} - set(self.columns)
        if missing:
            raise ValueError(f"every row must have a source: {', '.join(sorted(missing))} is missing")
        return self

    @model_validator(mode="after")
    def _check_headers_are_unique(self) -> Contract:
        columns: dict[str, str] = {}
        for name, column in self.columns.items():
            for header in {name, column.zh, *column.aliases}:
                first = columns.setdefault(normalise_header(header), name)
                if first != name:
                    raise ValueError(f"the header {header} would name two columns: {first}, {name}")
        return self

    def titles(self, names: Iterable[str]) -> str:
        """Return the headers of some columns, for a message."""
        return "、".join(self.columns[name].title for name in names)

    @property
    def needed_titles(self) -> str:
        """The headers that a file must have, for a message."""
        return self.titles(filter(self.is_needed, self.columns))

    def is_needed(self, name: str) -> bool:
        """Return whether a file must have a column; with `own_source` it may name no source."""
        is_own = self.own_source is not None and name in (SOURCE_ID, SOURCE_GRADE)
        return self.columns[name].required and not is_own

    @property
    def place(self) -> str:
        """The column with the name of the place."""
        return next(name for name, column in self.columns.items() if column.type == "place")

    def column_of(self, kind: ColumnKind) -> str | None:
        """Return the first column of a type, None without one."""
        return next((name for name, column in self.columns.items() if column.type == kind), None)

    @property
    def place_code(self) -> str | None:
        """The column with the code of the place, None without one."""
        return self.column_of("place_code")

    @property
    def year(self) -> str | None:
        """The column of the calendar year, None without one."""
        return next((name for name, column in self.columns.items() if column.is_year and column.required), None)

    @property
    def stage(self) -> str | None:
        """The column that tells planned figures from others, None without one."""
        return next((name for name, column in self.columns.items() if column.planned_values), None)

    @property
    def given_columns(self) -> frozenset[str]:
        """The columns that a form may fill in itself: a row that has these alone says nothing."""
        return frozenset(
            name
            for name, column in self.columns.items()
            if column.is_place
            or column.type in ("indicator", "unit")
            or name == self.year
            or (column.required and column.allowed is not None and (name in self.key or name == SCOPE))
        )

    @property
    def version(self) -> str:
        """A digest of what a form is made from; it changes where a form in hand is no longer today's."""
        content = self.model_dump_json(include={"dataset", "key", "columns", "indicators"})
        return hashlib.sha256(content.encode()).hexdigest()[:8]

    @property
    def figures(self) -> list[str]:
        """The columns of figures."""
        return [name for name, column in self.columns.items() if column.is_numeric and name not in self.key]

    @property
    def references(self) -> list[str]:
        """The columns of the reference tables to which columns of the contract refer, as table.column."""
        return sorted({column.references for column in self.columns.values() if column.references})

    @property
    def table_name(self) -> str:
        """The qualified name of the table of accepted rows."""
        return f"intake.{self.dataset}"

    def table(self) -> Table:
        """Return the table of accepted rows: the code of the place, the typed columns, and the source of the row."""
        columns = dict(_PLACE_COLUMNS)
        for name, column in self.columns.items():
            if column.is_place:
                continue
            rules = {rule: getattr(column, rule) for rule in ("zh", "en", "allowed")}
            limits = {rule: getattr(column, rule) for rule in ("min", "max") if column.is_numeric}
            # A reason for a gap may be given instead of a figure.
            required = column.required and (not column.is_numeric or name in self.key)
            quoted = column.type == "text" and not column.is_categorical and name not in _TEXTS_WITHOUT_WORDS
            columns[name] = Column(type=_COLUMN_TYPES[column.type], required=required, quoted=quoted, **rules, **limits)
            if column.allow_qualifier:
                columns[qualifier_column(name)] = Column(
                    type="varchar",
                    zh=f"{column.zh}的限定（至少、约、不足）",
                    en=f"Qualifier of {name}: at_least, about, under",
                    allowed=("at_least", "about", "under"),
                )
        return Table(
            schema_name="intake",
            name=self.dataset,
            zh=f"{self.zh}：{self.about_zh}",
            en=f"{self.en}. {self.about_en}",
            key=("file_sha256", "sheet", "line", "first_column"),
            columns=columns | _SOURCE_COLUMNS,
        )


def qualifier_column(column: str) -> str:
    """Return the name of the column with the qualifier of a number."""
    return f"{column}_qualifier"


def read_contracts(folder: Path) -> dict[str, Contract]:
    """Return all contracts by dataset, each with the common words.

    Raises:
        DataError: with what is wrong in each file.
        UsageError: the folder has none.
    """
    contracts, issues = {}, []
    common = CommonWords()
    # The common words come first.
    for file in sorted(folder.glob("*.yml"), key=lambda file: (file.name != COMMON_WORDS, file.name)):
        try:
            if file.name == COMMON_WORDS:
                common = CommonWords.model_validate(read_yaml(file))
                continue
            contract = _add_words(Contract.model_validate(read_yaml(file)), common)
        except FILE_ERRORS as error:
            problem, line, key = describe_errors(error)[0]
            issues.append(Issue("invalid_contract", problem, "docs/contracts.md", f"contracts/{file.name}", line, key))
            continue
        if contract.dataset != file.stem:
            expected = f"dataset: {file.stem}"
            issues.append(Issue("invalid_contract", contract.dataset, expected, f"contracts/{file.name}"))
        contracts[contract.dataset] = contract
    if issues:
        raise DataError(issues)
    if not contracts:
        raise UsageError(Issue("incomplete_data_directory", "contracts/*.yml", "reference/, contracts/*.yml"))
    return contracts


def _add_words(contract: Contract, common: CommonWords) -> Contract:
    words = {name: (*getattr(contract, name), *getattr(common, name)) for name in CommonWords.model_fields}
    return contract.model_copy(update=words)


def check_contracts(
    contracts: Iterable[Contract], registry: Mapping[str, str], known_references: Iterable[str]
) -> Iterator[Issue]:
    """Yield what is wrong between the contracts and the registry.

    Args:
        contracts: the contracts of all datasets.
        registry: the dataset of each registered indicator; the contract of a dataset must list exactly its indicators.
        known_references: the columns of the reference tables, as table.column.
    """
    fed: set[str] = set()
    references = set(known_references)
    for contract in contracts:
        file = f"contracts/{contract.dataset}.yml"
        fed.update(contract.indicators)
        for indicator in contract.indicators:
            if registry.get(indicator) != contract.dataset:
                own = [name for name, dataset in registry.items() if dataset == contract.dataset]
                nearest = difflib.get_close_matches(indicator, own or list(registry), n=1, cutoff=0.0)
                yield Issue(
                    "unknown_contract_indicator", indicator, nearest[0] if nearest else "", file, None, "indicators"
                )
        for name, column in contract.columns.items():
            if column.references is not None and column.references not in references:
                yield Issue("unknown_foreign_key", column.references, "reference/", file, None, name)
    for indicator, dataset in registry.items():
        if indicator not in fed:
            expected = f"contracts/{dataset}.yml indicators"
            yield Issue("indicator_without_contract", indicator, expected, "reference/indicators.csv", None, "dataset")
