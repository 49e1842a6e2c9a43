"""What runs when: the settings of `data/operations.yml`, each with a default that suits one department's server.

Here: reading and checking them, without Dagster. Not here: the schedules and the sensor made of them
(pipelines.orchestration.triggers).
"""

from __future__ import annotations

import re
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from assets.core.paths import Paths
from assets.core.settings import read_settings

REFRESH, INTAKE, RELEASE, PRUNE = "refresh", "intake", "release", "prune"

DataJob = Literal["refresh", "intake", "release"]
# Minute, hour, day of the month, month, day of the week.
_FIELDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_PART = re.compile(r"(?:\*|(\d+)(?:-(\d+))?)(?:/[1-9]\d*)?")


def _is_a_time(text: str) -> str:
    """Five fields of numbers, ranges, steps and lists: no names, so that nobody has to guess."""
    fields = text.split()
    parts = [(part, limits) for field, limits in zip(fields, _FIELDS, strict=False) for part in field.split(",")]
    if len(fields) != len(_FIELDS) or not all(_lies_within(part, *limits) for part, limits in parts):
        raise ValueError("five fields of numbers: minute, hour, day, month, day of the week")
    return text


def _lies_within(part: str, low: int, high: int) -> bool:
    found = _PART.fullmatch(part)
    return found is not None and all(low <= int(number) <= high for number in found.groups() if number is not None)


Cron = Annotated[str, AfterValidator(_is_a_time)]


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class InboxSettings(_Settings):
    """The sensor that watches the inbox: how often it looks, and how long a file must have been still."""

    is_on: bool = True
    every_seconds: Annotated[int, Field(ge=1)] = 30
    still_seconds: Annotated[int, Field(ge=0)] = 60
    job: DataJob = "refresh"


class JobSchedule(_Settings):
    """A job at set times."""

    is_on: bool = True
    cron: Cron
    job: DataJob


class PruneSettings(_Settings):
    """When old things are taken away, and how much stays; of releases all where no number is given."""

    is_on: bool = True
    cron: Cron = "0 4 * * 0"
    keep_releases: Annotated[int, Field(ge=1)] | None = None
    keep_run_days: Annotated[float, Field(ge=0)] = 90


class ScheduleSettings(_Settings):
    """All settings."""

    time_zone: str = "Asia/Shanghai"
    inbox: InboxSettings = InboxSettings()
    nightly: JobSchedule = JobSchedule(cron="30 1 * * *", job="refresh")
    monthly: JobSchedule = JobSchedule(cron="0 3 1 * *", job="release")
    pruning: PruneSettings = PruneSettings()

    @field_validator("time_zone")
    @classmethod
    def _the_zone_is_known(cls, name: str) -> str:
        try:
            return ZoneInfo(name).key
        except (OSError, ValueError, KeyError) as error:
            raise ValueError("a time zone of the IANA database, such as Asia/Shanghai") from error

    @field_validator("nightly", "monthly", mode="before")
    @classmethod
    def _what_is_left_out_is_the_default(cls, said: object, info: object) -> object:
        name = getattr(info, "field_name", "")
        default: JobSchedule = cls.model_fields[name].default
        return default.model_dump() | said if isinstance(said, dict) else said


def read_schedule_settings(paths: Paths) -> ScheduleSettings:
    """The settings of a data directory; Stopped with every one that cannot be."""
    return read_settings(paths.operations, ScheduleSettings, "operations_unreadable", "docs/operations.md")
