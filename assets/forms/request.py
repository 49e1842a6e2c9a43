"""Request packs: for each city a letter, the forms that it is asked to fill in, and what was returned to it.

Here: what is owed, what each missing figure would open of which score, and the files of a pack. Not here: the state of
the collection (assets.forms.owed), the overview for the province (assets.forms.overview).
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from assets.core.errors import Issue, UsageError
from assets.core.paths import Paths
from assets.core.text import MISSING, format_decimal, normalise_name
from assets.forms.letter import SHIPPED, fill_letter
from assets.forms.owed import Delivery
from assets.forms.registry import City, FormRegistry
from assets.forms.workbook import read_form_texts
from assets.forms.write import write_forms
from assets.release.outputs.returns import FOLDER as RETURNS
from assets.release.read.queries import read_rows
from assets.release.read.reader import Release, Row

_TEMPLATE = Path("templates") / SHIPPED.name
_DIGITS = 2
_BASKETS = "select basket_id, name_zh, about_zh from reference.baskets order by is_headline desc, basket_id"
_RANGES = """
select scores.dimension_id, dimensions.name_zh, scores.evidenced, scores.possible, scores.open
from scorecards.dimension_scores as scores
inner join reference.dimensions as dimensions on scores.dimension_id = dimensions.dimension_id
where scores.basket_id = ? and scores.city_code = ? and scores.open > 0
order by dimensions.position
"""


@dataclass(frozen=True, slots=True)
class OpenRange:
    """The range of a dimension, and how much of it stays open once the missing figures have come."""

    dimension_id: str
    name: str
    low: float | None
    high: float | None
    open_points: float
    after: float


@dataclass(frozen=True, slots=True)
class Request:
    """What a city is asked for.

    Attributes:
        deliveries: the state of each dataset.
        figures: the missing figures of a basket, with the points of their dimension that each closes.
        ranges: the ranges that the figures narrow.
        faults: the files with rows that were rejected and not corrected since.
        basket: the basket: the headline one, or where it lacks nothing another one that does.
        complete: the headline basket where it lacks nothing and another one does.
    """

    city: City
    year: int
    deliveries: Sequence[Delivery]
    figures: Sequence[Row]
    ranges: Sequence[OpenRange]
    faults: Sequence[Row]
    basket: Row
    complete: Row | None

    @property
    def datasets(self) -> list[str]:
        """The datasets whose forms are attached: those with figures still to come."""
        missing = {row["dataset"] for row in self.figures}
        return [each.dataset for each in self.deliveries if each.is_open or each.dataset in missing]


def read_request(
    registry: FormRegistry, release: Release, city: City, year: int, deliveries: Sequence[Delivery]
) -> Request:
    """Return what a city is asked for, from the current release."""
    order = ("is_headline desc", "basket_id", "dimension_position", "points desc", "indicator_id")
    missing = read_rows(release, "open_figures", order, city_code=city.city_code)
    missing = [row for row in missing if row["dataset"] in registry.contracts]
    headline, *others = release.rows(_BASKETS)
    basket = next((each for each in (headline, *others) if missing and _is_of(each, missing[0])), headline)
    figures = [row for row in missing if _is_of(basket, row)]
    scores = release.rows(_RANGES, [basket["basket_id"], city.city_code])
    return Request(
        city,
        year,
        [each for each in deliveries if each.city_code == city.city_code],
        figures,
        [_range(row, figures) for row in scores],
        _read_faults(release, city),
        basket,
        None if basket is headline else headline,
    )


def _is_of(basket: Row, row: Row) -> bool:
    return bool(row["basket_id"] == basket["basket_id"])


def write_pack(
    paths: Paths, registry: FormRegistry, release: Release, request: Request, as_of: date, folder: Path
) -> Path:
    """Write the folder of a city: letter, forms, and the returns of the release; an earlier pack is replaced whole.

    Raises:
        UsageError: the folder holds something else than an earlier pack.
        DataError: the template of the letter cannot be used; an earlier pack stays.
    """
    pack = folder / request.city.name
    letters = read_form_texts()["letter"]["file"].format(city=request.city.name, year="*")
    is_replaceable = pack.is_dir() and not pack.is_symlink() and (any(pack.glob(letters)) or not any(pack.iterdir()))
    if os.path.lexists(pack) and not is_replaceable:
        raise UsageError(Issue("folder_not_empty", str(pack)))
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".pack-") as work:
        written = Path(work) / pack.name
        _write_pack(paths, registry, release, request, as_of, written)
        if pack.is_dir():
            shutil.rmtree(pack)
        written.replace(pack)
    return pack


def _write_pack(
    paths: Paths, registry: FormRegistry, release: Release, request: Request, as_of: date, pack: Path
) -> None:
    texts = read_form_texts()["letter"]
    forms = pack / texts["forms"]
    names = [
        file.name
        for dataset in request.datasets
        for file in write_forms(registry, release, registry.contracts[dataset], [request.city], request.year, forms)
    ]
    returned = release.folder / RETURNS / request.city.name
    if returned.is_dir():
        shutil.copytree(returned, pack / texts["returns"])
    pack.mkdir(parents=True, exist_ok=True)
    attachments = [*names, *([texts["returns"]] if returned.is_dir() else [])]
    own = paths.data / _TEMPLATE
    values, lists = _letter(registry, request, as_of, attachments)
    letter = pack / texts["file"].format(city=request.city.name, year=request.year)
    fill_letter(own if own.is_file() else SHIPPED, letter, values, lists)


def zip_pack(pack: Path) -> Path:
    """Replace the folder of a pack by a zip file of the same name."""
    archive = shutil.make_archive(str(pack), "zip", pack.parent, pack.name)
    shutil.rmtree(pack)
    return Path(archive)


def _range(row: Row, figures: Sequence[Row]) -> OpenRange:
    closed = sum(figure["points"] for figure in figures if figure["dimension_id"] == row["dimension_id"])
    after = max(row["open"] - closed, 0.0)
    return OpenRange(
        row["dimension_id"], row["name_zh"], row["evidenced"], row["possible"], row["open"], round(after, 6)
    )


def _read_faults(release: Release, city: City) -> list[Row]:
    """The files of a city with rejected rows: those of its folder, and those of which it got rows back."""
    returned = release.folder / RETURNS / city.name
    contents = {file.name.split(".")[-2] for file in returned.rglob("*.xlsx")} if returned.is_dir() else set()
    return [
        row
        for row in read_rows(release, "file_faults", ("dataset", "arrival_sequence"))
        if row["file_sha256"][:8] in contents or _is_of_city(row["file"], city)
    ]


def _is_of_city(file: str, city: City) -> bool:
    parts = Path(file).parts
    return len(parts) > 2 and normalise_name(parts[1]) in city.forms


def _letter(
    registry: FormRegistry, request: Request, as_of: date, attachments: Sequence[str]
) -> tuple[dict[str, str], dict[str, list[dict[str, str]]]]:
    """The texts of the letter, and its lists."""
    texts = read_form_texts()["letter"]
    count = sum(each.is_open for each in request.deliveries)
    base = {"city": request.city.name, "year": str(request.year), **_basket_texts(request.basket)}
    complete = texts["complete"].format(**_basket_texts(request.complete)) if request.complete else ""
    counts = {"total": len(request.deliveries), "open": count}
    sentences = {
        "owed_sentence": texts["owed_sentence" if count else "nothing_owed"].format(**base, **counts),
        "range_sentence": texts["range_sentence" if request.figures else "nothing_open"].format(
            **base, complete=complete
        ),
        "reject_sentence": texts["reject_sentence" if request.faults else "nothing_rejected"],
    }
    days = {"date": format_day(as_of), "as_of": format_day(as_of)}
    lists = {
        "owed": [_owed_row(each, request) for each in request.deliveries],
        "range": [_range_row(each, texts) for each in request.ranges],
        "intro": [{"text": texts["figure_sentence"]}] if request.figures else [],
        "figure": [_figure_row(registry, row, texts) for row in request.figures],
        "reject": [{"number": str(n), **_fault_row(row, texts)} for n, row in enumerate(request.faults, start=1)],
        "attachment": [{"number": str(n), "name": name} for n, name in enumerate(attachments, start=1)],
    }
    return base | sentences | days, lists


def _basket_texts(basket: Row) -> dict[str, str]:
    return {"basket": basket["name_zh"], "about": basket["about_zh"]}


def _owed_row(delivery: Delivery, request: Request) -> dict[str, str]:
    return {
        "dataset": delivery.name,
        "due": format_day(delivery.due_date),
        "status": read_form_texts()["states"][delivery.shown_state],
        "received": f"{delivery.indicators} / {delivery.expected}",
        "form": "✓" if delivery.dataset in request.datasets else MISSING,
    }


def _range_row(each: OpenRange, texts: dict[str, Any]) -> dict[str, str]:
    is_known = each.low is not None and each.high is not None
    ends = {"low": format_points(each.low or 0.0), "high": format_points(each.high or 0.0)}
    now = texts["range"].format(**ends) if is_known else texts["no_range"]
    return {"item": each.name, "now": now, "open": format_points(each.open_points), "after": format_points(each.after)}


def _figure_row(registry: FormRegistry, row: Row, texts: dict[str, Any]) -> dict[str, str]:
    indicator = registry.indicators[row["indicator_id"]]
    return {
        "name": row["name_zh"],
        "dataset": registry.contracts[row["dataset"]].zh,
        "dimension": row["dimension_zh"],
        "scope": texts["scope"].format(scope=indicator.scope, unit=indicator.unit),
        "points": format_points(row["points"]),
    }


def _fault_row(row: Row, texts: dict[str, Any]) -> dict[str, str]:
    pattern = texts["reject_file" if row["status"] == "refused" else "reject_rows"]
    file = pattern.format(file=row["file"], rows=row["rows_open"])
    return {"file": file, "reason": row["reason_zh"] or MISSING, "remedy": row["remedy_zh"] or MISSING}


def format_points(points: float) -> str:
    """Return points as the letter states them."""
    return format_decimal(points, _DIGITS)


def format_day(day: date | None) -> str:
    """Return a day as official documents write it."""
    text: str = read_form_texts()["letter"]["date"]
    return MISSING if day is None else text.format(year=day.year, month=day.month, day=day.day)
