"""The settings of one data directory, `data/settings.yml`: limits, schedules, engine and shared store.

Here: the model with every default, and reading it. Not here: what the settings do (the modules that use a section).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, Field, ValidationError, model_validator

from assets.core.errors import DataError, Issue
from assets.core.paths import Paths
from assets.core.strict_model import StrictModel
from assets.core.yaml_files import FILE_ERRORS, describe_errors, read_yaml

# Spark's own variable; an address with a token belongs there and not into a file.
REMOTE_VARIABLE = "SPARK_REMOTE"
# The four files of earlier versions, each now a section.
_FORMER_FILES = {
    "limits.yml": "limits",
    "operations.yml": "schedules",
    "engine.yml": "engine",
    "storage.yml": "storage",
}
# Minute, hour, day of the month, month, day of the week.
_CRON_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_CRON_PART = re.compile(r"(?:\*|(\d+)(?:-(\d+))?)(?:/[1-9]\d*)?")
_LAST_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_CREDENTIALS = re.compile(r"//[^/\s]*@")

DataJob = Literal["refresh", "intake", "release"]


def _check_cron(text: str) -> str:
    """Accept numbers, ranges, steps and lists, but no names such as `MON`."""
    fields = text.split()
    parts = [(part, limits) for field, limits in zip(fields, _CRON_RANGES, strict=False) for part in field.split(",")]
    if len(fields) != len(_CRON_RANGES) or not all(_is_within(part, *limits) for part, limits in parts):
        raise ValueError("five fields of numbers: minute, hour, day, month, day of the week")
    if min(_numbers(fields[2], 31)) > max(_LAST_DAYS[month - 1] for month in _numbers(fields[3], 12)):
        raise ValueError("a day that one of its months has")
    return text


def _numbers(field: str, highest: int) -> list[int]:
    """Return the days or months of a field, or more of them: steps are not applied."""
    numbers: list[int] = []
    for part in field.split(","):
        match = _CRON_PART.fullmatch(part)
        assert match is not None
        start = int(match[1] or 1)
        end = int(match[2] or (start if part.isdigit() else highest))
        numbers += range(start, end + 1) if start <= end else range(1, highest + 1)
    return numbers


def _is_within(part: str, lowest: int, highest: int) -> bool:
    match = _CRON_PART.fullmatch(part)
    return match is not None and all(lowest <= int(number) <= highest for number in match.groups() if number)


def _check_time_zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (OSError, ValueError, KeyError) as error:
        raise ValueError("a time zone of the IANA database, such as Asia/Shanghai") from error


def _check_url(url: str) -> str:
    if _CREDENTIALS.search(url):
        raise ValueError("no name and no password: credentials belong in the environment")
    return url


# Above these values no time, size or number of the system can hold what is made of a setting.
Count = Annotated[int, Field(ge=1, le=10**15)]
Seconds = Annotated[int, Field(ge=1, le=86_400)]
Cron = Annotated[str, AfterValidator(_check_cron)]
StoreUrl = Annotated[str, AfterValidator(_check_url)]


class Limits(StrictModel):
    """What a file may have at most, so that a hostile or broken one is refused before it fills the machine."""

    file_bytes: Count = 20_000_000_000
    line_bytes: Count = 1_000_000
    row_lines: Count = 200
    faulty_rows: Count = 200_000
    columns: Count = 500
    sheets: Count = 100
    sheet_cells: Count = 20_000_000
    unpacked_bytes: Count = 1_000_000_000
    cell_characters: Count = 32_767
    workbook_characters: Count = 200_000_000
    reader_seconds: Seconds = 10
    reader_bytes: Count = 1_000_000_000
    still_written_seconds: Annotated[float, Field(ge=0, le=3_600)] = 1.0


class InboxSettings(StrictModel):
    """How often the sensor looks at the inbox, and how long a file must have been unchanged."""

    is_on: bool = True
    every_seconds: Seconds = 30
    still_seconds: Annotated[int, Field(ge=0, le=86_400)] = 60
    job: DataJob = "refresh"


class JobSchedule(StrictModel):
    """A job at set times, by default every night."""

    is_on: bool = True
    cron: Cron = "30 1 * * *"
    job: DataJob = "refresh"


class MonthlySchedule(JobSchedule):
    """A job at set times, by default a release once a month."""

    cron: Cron = "0 3 1 * *"
    job: DataJob = "release"


class PruneSettings(StrictModel):
    """When old things are deleted, and how many are kept; `keep_releases` None keeps all releases.

    With these values, a year of nightly releases of a province takes less than 1 GB.
    """

    is_on: bool = True
    cron: Cron = "0 4 * * 0"
    keep_releases: Count | None = 30
    keep_run_days: Annotated[float, Field(ge=0, le=36_500)] = 30


class ScheduleSettings(StrictModel):
    """What runs by itself under `gancheng serve`."""

    time_zone: Annotated[str, AfterValidator(_check_time_zone)] = "Asia/Shanghai"
    inbox: InboxSettings = InboxSettings()
    nightly: JobSchedule = JobSchedule()
    monthly: MonthlySchedule = MonthlySchedule()
    pruning: PruneSettings = PruneSettings()


class QuerySettings(StrictModel):
    """What one `gancheng query` may take at most."""

    seconds: Seconds = 60
    megabytes: Annotated[int, Field(ge=100, le=1_000_000)] = 1_000


class WebPageSettings(StrictModel):
    """The names, with their port if it is not that of the protocol, of a proxy in front of the page."""

    hosts: tuple[Annotated[str, Field(pattern=r"^[a-z0-9.-]+(:[0-9]+)?$")], ...] = ()


class SparkSettings(StrictModel):
    """Where Spark is, and the folder through which it and this machine exchange tables.

    `remote` is a Spark Connect address; without it, the variable SPARK_REMOTE has it. `exchange` is a folder or an
    fsspec URL; `seen_as` is its name on the cluster where that differs (s3:// here, s3a:// on the cluster).
    """

    exchange: str
    seen_as: str | None = None
    remote: str | None = None

    @property
    def address(self) -> str:
        return self.remote or os.environ[REMOTE_VARIABLE]

    @property
    def cluster_exchange(self) -> str:
        return self.seen_as or self.exchange

    @model_validator(mode="after")
    def _check_address(self) -> SparkSettings:
        if not self.remote and not os.environ.get(REMOTE_VARIABLE):
            raise ValueError(f"remote, or the variable {REMOTE_VARIABLE}: sc://host:15002")
        return self


class EngineSettings(StrictModel):
    """Which engine builds the SQL models."""

    name: Literal["duckdb", "spark"] = "duckdb"
    spark: SparkSettings | None = None

    @model_validator(mode="after")
    def _check_spark(self) -> EngineSettings:
        if self.name == "spark" and self.spark is None:
            raise ValueError("spark: exchange and remote")
        return self


class StorageSettings(StrictModel):
    """The shared store: a folder or an fsspec URL, and its name on the cluster, where the cluster reads it."""

    store: StoreUrl | None = None
    seen_as: StoreUrl | None = None


class ReminderSettings(StrictModel):
    """How many days before a deadline a reminder is sent, and whether each sender gets a digest of its files."""

    days: tuple[Annotated[int, Field(ge=0, le=366)], ...] = (14, 3)
    digests: bool = True


class Settings(StrictModel):
    """All settings of a data directory."""

    limits: Limits = Limits()
    schedules: ScheduleSettings = ScheduleSettings()
    queries: QuerySettings = QuerySettings()
    web_page: WebPageSettings = WebPageSettings()
    engine: EngineSettings = EngineSettings()
    storage: StorageSettings = StorageSettings()
    reminders: ReminderSettings = ReminderSettings()


def read_settings(paths: Paths) -> Settings:
    """Return the settings, with the default of every setting that is left out.

    Raises:
        DataError: a setting is unknown or not allowed, the file is not YAML, or a file of an earlier version exists.
    """
    issues = [
        Issue("former_settings_file", name, section, name)
        for name, section in _FORMER_FILES.items()
        if (paths.data / name).exists()
    ]
    name = paths.settings.name
    try:
        content = read_yaml(paths.settings) if os.path.lexists(paths.settings) else None
        # A section whose lines are all commented out is None.
        sections = {} if content is None else content
        if isinstance(sections, dict):
            sections = {key: {} if value is None else value for key, value in sections.items()}
        settings = Settings.model_validate(sections)
    except ValidationError as error:
        issues += [Issue("invalid_settings", key or name, allowed, name) for key, allowed in _describe_errors(error)]
    except FILE_ERRORS as error:
        allowed = "UTF-8" if isinstance(error, UnicodeDecodeError) else "YAML"
        issues += [Issue("invalid_settings", text, allowed, name, line) for text, line, _ in describe_errors(error)]
    if issues:
        raise DataError(issues)
    return settings


def _describe_errors(error: ValidationError) -> Iterator[tuple[str, str]]:
    """Yield the key of each error and what is allowed there; never the value, which may hold a credential."""
    for details in error.errors():
        keys = [str(key) for key in details["loc"]]
        is_unknown = details["type"] == "extra_forbidden"
        allowed = ", ".join(_find_section(keys[:-1]).model_fields) if is_unknown else details["msg"]
        yield ".".join(keys), allowed.removeprefix("Value error, ").removeprefix("Input should be ")


def _find_section(keys: list[str]) -> type[BaseModel]:
    section: Any = Settings
    for key in keys:
        annotation = section.model_fields[key].annotation
        section = SparkSettings if annotation == SparkSettings | None else annotation
    return section  # type: ignore[no-any-return]
