"""Values of DuckDB as JSON has them. Not here: where JSON is written (pipelines.cli.options, pipelines.cli.render)."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any


def to_json_value(value: Any) -> Any:
    """Return a value of DuckDB as JSON has it: decimals are numbers, NaN and infinity null, keys and bytes texts."""
    if isinstance(value, dict):
        return {key if isinstance(key, str) else str(key): to_json_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json_value(item) for item in value]
    if isinstance(value, float | Decimal):
        number = float(value)
        return number if math.isfinite(number) else None
    return value.hex() if isinstance(value, bytes) else value
