"""Settings that people write into the data directory as YAML, each with a default.

Here: reading one file of them, and telling everything that is wrong with it. Not here: what the settings are (the
module that they are for).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from assets.core.errors import DataError, Issue

Settings = TypeVar("Settings", bound=BaseModel)


def read_settings(file: Path, settings: type[Settings], code: str, page: str) -> Settings:
    """What the file says, and the defaults where it says nothing or is not there.

    Raises Stopped with every fault, by the code of the catalogue; `page` is where the way of writing them is told.
    """
    faults = []
    try:
        said = yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else None
        return settings.model_validate({} if said is None else said)
    except ValidationError as error:
        faults = [Issue(code, told, page, file.name, None, place or None) for place, told in _faults(error)]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else None
        faults = [Issue(code, str(getattr(error, "problem", error)), page, file.name, line)]
    except UnicodeDecodeError as error:
        faults = [Issue(code, str(error), page, file.name)]
    raise DataError(faults)


def _faults(error: ValidationError) -> Iterator[tuple[str, str]]:
    for fault in error.errors():
        yield ".".join(str(part) for part in fault["loc"]), fault["msg"]
