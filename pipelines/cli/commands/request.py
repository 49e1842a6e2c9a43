"""gancheng request: the packs with which cities are asked for figures, and the overview for the province."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

from assets.core.paths import Paths
from pipelines.cli.options import AsOf, InLanguage, argument, option, write_text


def request(
    folder: Annotated[Path, argument("folder")] = Path(),
    *,
    city: Annotated[str | None, option("form_city")] = None,
    year: Annotated[int | None, option("form_year", min=1949, max=2100)] = None,
    as_zip: Annotated[bool, option("as_zip", "--zip")] = False,
    as_of: AsOf = None,
    _language: InLanguage,
) -> None:
    """Write a letter with forms for each city, and what the cities have sent so far."""
    from assets.forms.overview import write_overview
    from assets.forms.owed import read_deliveries
    from assets.forms.registry import read_form_registry
    from assets.forms.request import read_request, write_pack, zip_pack
    from assets.release.read.reader import get_current_release

    paths, today = Paths.from_environment(), (as_of or datetime.now()).date()
    paths.check_output(folder)
    release, registry = get_current_release(paths), read_form_registry(paths)
    collected = year or today.year - 1
    cities = registry.get_cities(city)
    with release.connect():
        deliveries = read_deliveries(paths, registry, release, collected, today)
        for each in cities:
            content = read_request(registry, release, each, collected, deliveries)
            pack = write_pack(paths, registry, release, content, today, folder)
            write_text(str(zip_pack(pack) if as_zip else pack))
    if city is None:
        for file in write_overview(registry, deliveries, collected, today, folder):
            write_text(str(file))
