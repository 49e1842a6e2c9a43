"""Columns of a chunk as Arrow and numpy arrays: by distinct texts, by mask, by row.

Here: conversions between the two libraries. Not here: rules about data (assets.intake.rows.validator,
assets.intake.values.numeric_columns).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from assets.core.text import BLANKS

Mask = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.int64]
Offsets = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]

_BEGIN_BLANKS, _END_BLANKS = (np.zeros(256, np.bool_) for _ in range(2))
_BEGIN_BLANKS[[blank.encode()[0] for blank in BLANKS]] = True
_END_BLANKS[[blank.encode()[-1] for blank in BLANKS]] = True


def dictionary_encode(column: pa.Array) -> tuple[list[str], Indices]:
    """Return the distinct texts of a column, and the number of each row's text; -1 for a null."""
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    indices = encoded.indices.fill_null(-1) if encoded.null_count else encoded.indices
    return encoded.dictionary.to_pylist(), indices.to_numpy(zero_copy_only=False).astype(np.int64)


def take_values(values: Sequence[Any], indices: Indices, kind: pa.DataType | None = None) -> pa.Array:
    """Return the values of distinct texts as a column of rows.

    Args:
        values: one value, or None, for each distinct text.
        indices: the number of the distinct text of each row.
        kind: the type of the column; None for a dictionary of texts.
    """
    if kind is not None:
        return pa.array(values, kind).take(pa.array(indices))
    texts = list(dict.fromkeys(value for value in values if value is not None))
    number_of = {text: number for number, text in enumerate(texts)}
    numbers = np.array([number_of.get(value, -1) for value in values], dtype=np.int32)[indices]
    return pa.DictionaryArray.from_arrays(pa.array(numbers, mask=numbers < 0), pa.array(texts, pa.string()))


def to_plain_text(column: pa.Array) -> pa.Array:
    """Return the column as plain texts, if it is a dictionary or not."""
    return column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column


def take_strings(column: pa.Array, numbers: Indices) -> list[str]:
    """Return the texts of some rows."""
    return list(to_plain_text(column.take(pa.array(numbers))).to_pylist())


def string_buffers(column: pa.Array) -> tuple[Offsets, Bytes]:
    """Return the bounds of each text of a column of plain texts (one more than texts), and the bytes of all texts."""
    _, offsets, data = column.buffers()
    bounds = np.frombuffer(offsets, dtype=np.int32)[column.offset : column.offset + len(column) + 1]
    return bounds, np.frombuffer(data, dtype=np.uint8) if data is not None and data.size else np.zeros(1, np.uint8)


def strip_blanks(column: pa.Array) -> pa.Array:
    """Return a column of plain texts without blanks around them.

    Arrow would copy each text. Two bytes of each text decide whether any has a blank, and mostly none has.
    """
    bounds, data = string_buffers(column)
    firsts, lasts = data[np.minimum(bounds[:-1], len(data) - 1)], data[bounds[1:] - 1]
    if not (_BEGIN_BLANKS[firsts].any() or _END_BLANKS[lasts].any()):
        return column
    return pc.utf8_trim(column, characters=BLANKS)


def cast_column(column: pa.Array, kind: pa.DataType) -> pa.Array:
    """Return the column in another type, dictionaries included."""
    if column.type == kind:
        return column
    if pa.types.is_dictionary(kind):
        return column.dictionary_encode() if not pa.types.is_dictionary(column.type) else column.cast(kind)
    return column.cast(kind)


def to_mask(column: pa.Array) -> Mask:
    """Return a boolean column without nulls as a numpy mask."""
    mask: Mask = column.to_numpy(zero_copy_only=False)
    return mask.astype(np.bool_)


def repeat_value(value: str | None, size: int) -> pa.Array:
    """Return a column with one text on every row."""
    return pa.nulls(size, pa.string()) if value is None else pa.repeat(pa.scalar(value, pa.string()), size)


def take_categories(texts: Mapping[int, str], size: int) -> pa.Array:
    """Return a column with texts on the given rows and nulls on the others."""
    if not texts:
        return pa.nulls(size, pa.string())
    return pa.array([texts.get(row) for row in range(size)], pa.string())


def build_table(schema: pa.Schema, columns: Sequence[Sequence[Any]]) -> pa.Table:
    """Return a table from lists in the order of the schema; without lists it is empty."""
    if not columns:
        return schema.empty_table()
    return pa.table([pa.array(c, s.type) for c, s in zip(columns, schema, strict=True)], schema=schema)
