"""gancheng form: the forms of a dataset, for offices to fill in."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

from assets.core.paths import Paths
from pipelines.cli.options import InLanguage, argument, option, write_text


def form(
    dataset: Annotated[str, argument("form_dataset")],
    folder: Annotated[Path, argument("folder")] = Path(),
    *,
    city: Annotated[str | None, option("form_city")] = None,
    year: Annotated[int | None, option("form_year", min=1949, max=2100)] = None,
    _language: InLanguage,
) -> None:
    """Write the form of a dataset for one city or for each."""
    from assets.forms.registry import read_form_registry
    from assets.forms.write import write_forms
    from assets.release.read.reader import find_current_release

    paths = Paths.from_environment()
    paths.check_output(folder)
    registry = read_form_registry(paths)
    contract, cities = registry.get_contract(dataset), registry.get_cities(city)
    # The figures of a year are collected in the next one.
    collected = year or datetime.now().year - 1
    for file in write_forms(registry, find_current_release(paths), contract, cities, collected, folder):
        write_text(str(file))
