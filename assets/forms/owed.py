"""What each city owes of each dataset for one year, what came in time or late, and what was signed as complete.

Here: the state of a collection as of a day, from the current release and the signatures in the receipts. Not here: the
year that is awaited next, whatever day it is (sql/quality/freshness.sql), and how the state is shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from assets.core.paths import Paths
from assets.core.settings import read_settings
from assets.forms.registry import FormRegistry
from assets.intake.receipts.receipts import read_receipts
from assets.release.read.reader import Release

# complete: signed as complete; in_time and late: figures came; due: the day has not come; overdue: it has passed.
State = Literal["complete", "in_time", "late", "due", "overdue", "no_deadline"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a city has sent of one dataset and year.

    Attributes:
        due_date: until when the figures are due, None without a deadline.
        received_on: the day on which the first figure of the year came after its end, None without one.
        indicators: how many indicators have a figure of the year.
        expected: how many the dataset has.
        is_complete: whether the office signed that everything was sent.
        signed_by: who filled in and who checked the form, as signed.
        state: its state as of the day.
    """

    dataset: str
    name: str
    city_code: str
    year: int
    due_date: date | None
    received_on: date | None
    indicators: int
    expected: int
    is_complete: bool
    signed_by: str
    state: State

    @property
    def is_open(self) -> bool:
        """Whether figures are still to come: not all indicators have one, and no signature says that this is all."""
        return not self.is_complete and self.indicators < self.expected

    @property
    def shown_state(self) -> str:
        """The state with how much of the year came: the key of its text."""
        extent = ("partly_" if self.is_open else "all_") if self.state in ("in_time", "late") else ""
        return f"{extent}{self.state}"


@dataclass(frozen=True, slots=True)
class Rates:
    """How complete and how timely deliveries are: shares of what is expected, None where nothing is due."""

    completeness: float | None
    timeliness: float | None


def read_deliveries(paths: Paths, registry: FormRegistry, release: Release, year: int, as_of: date) -> list[Delivery]:
    """Return the state of every dataset and city for a year, by dataset and city."""
    zone = ZoneInfo(read_settings(paths).schedules.time_zone)
    after, before = (_start_of(day, zone) for day in (date(year + 1, 1, 1), as_of + timedelta(days=1)))
    rows = release.rows(_RECEIVED, [year, *(moment.replace(tzinfo=None) for moment in (after, before))])
    received = {(row["dataset"], row["city_code"]): row for row in rows}
    deliveries = []
    for dataset, contract in registry.contracts.items():
        signatures = _read_signatures(paths, dataset, release, year, before)
        due = contract.due.of_year(year) if contract.due is not None else None
        for city_code in registry.cities:
            row = received.get((dataset, city_code), {})
            is_complete, signed_by = signatures.get(city_code, (False, ""))
            received_at = row.get("received_at")
            received_on = received_at.replace(tzinfo=UTC).astimezone(zone).date() if received_at is not None else None
            deliveries.append(
                Delivery(
                    dataset,
                    contract.zh,
                    city_code,
                    year,
                    due,
                    received_on,
                    row.get("indicators", 0),
                    len(contract.indicators),
                    is_complete,
                    signed_by,
                    _state(due, received_on, is_complete=is_complete, as_of=as_of),
                )
            )
    return deliveries


def rate(deliveries: Iterable[Delivery], as_of: date) -> Rates:
    """Return the rates of deliveries that have a deadline; what is not due yet is timely or late once it came."""
    owed = [each for each in deliveries if each.due_date is not None]
    expected = sum(each.expected for each in owed)
    judged = [each for each in owed if each.received_on is not None or (each.due_date or as_of) < as_of]
    in_time = sum(each.received_on is not None and each.received_on <= (each.due_date or as_of) for each in judged)
    return Rates(
        sum(each.indicators for each in owed) / expected if expected else None,
        in_time / len(judged) if judged else None,
    )


# A figure that came before the end of its year is a plan or progress and no delivery.
_RECEIVED = """
select files.dataset, vintages.city_code, min(arrivals.received_at) as received_at,
    count(distinct vintages.indicator_id) as indicators
from observations.city_observations as vintages
inner join reference.indicators as indicators on vintages.indicator_id = indicators.indicator_id
inner join intake.files as files
    on vintages.file_sha256 = files.file_sha256 and indicators.dataset = files.dataset
inner join intake.file_arrivals as arrivals
    on files.dataset = arrivals.dataset and files.file_sha256 = arrivals.file_sha256
where vintages.city_code is not null and vintages.year = ? and not vintages.is_progress
    and arrivals.received_at >= ? and arrivals.received_at < ?
group by files.dataset, vintages.city_code
"""
# The last row of a city counts.
_SIGNED = """
select city_code, file_sha256, is_complete from quality.signed_years
where dataset = ? and year = ? and received_at < ?
order by is_stated, arrival_sequence
"""


def _start_of(day: date, zone: ZoneInfo) -> datetime:
    """The moment at which a day begins where the offices are."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _state(due: date | None, received_on: date | None, *, is_complete: bool, as_of: date) -> State:
    if is_complete:
        return "complete"
    if received_on is not None:
        return "late" if due is not None and received_on > due else "in_time"
    if due is None:
        return "no_deadline"
    return "overdue" if as_of > due else "due"


def _read_signatures(
    paths: Paths, dataset: str, release: Release, year: int, before: datetime
) -> dict[str, tuple[bool, str]]:
    """Whether each city signed that it sent everything, and who signed: by the last file that states it."""
    has_table = release.rows("from duckdb_tables() where schema_name = 'quality' and table_name = 'signed_years'")
    # A release of an earlier version has no signatures; the next run makes them.
    rows = release.rows(_SIGNED, [dataset, year, before.replace(tzinfo=None)]) if has_table else []
    folder = paths.lake / dataset
    receipts = {each.file_sha256: each for each in (read_receipts(folder) if rows and folder.is_dir() else [])}
    signatures: dict[str, tuple[bool, str]] = {}
    for row in rows:
        receipt = receipts.get(row["file_sha256"])
        sign_off = receipt.sign_off if receipt is not None else None
        names = (sign_off.filled_by, sign_off.checked_by, sign_off.filled_on) if sign_off is not None else ()
        signatures[row["city_code"]] = (row["is_complete"], " / ".join(filter(None, names)))
    return signatures
