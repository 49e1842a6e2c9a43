"""Columns of a chunk as Arrow and numpy arrays: by distinct texts, by mask, by row.

Here: small turns between the two libraries, without any rule about data. Not here: rules (assets.intake.rows.validator,
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
    """The distinct texts of a column, and which of them each row has; -1 is a null."""
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    indices = encoded.indices.fill_null(-1) if encoded.null_count else encoded.indices
    return encoded.dictionary.to_pylist(), indices.to_numpy(zero_copy_only=False).astype(np.int64)


def take_values(values: Sequence[Any], indices: Indices, kind: pa.DataType | None = None) -> pa.Array:
    """One value for each distinct text, over the rows; words stay a dictionary."""
    if kind is not None:
        return pa.array(values, kind).take(pa.array(indices))
    words = list(dict.fromkeys(value for value in values if value is not None))
    number_of = {word: number for number, word in enumerate(words)}
    numbers = np.array([number_of.get(value, -1) for value in values], dtype=np.int32)[indices]
    return pa.DictionaryArray.from_arrays(pa.array(numbers, mask=numbers < 0), pa.array(words, pa.string()))


def to_plain_text(column: pa.Array) -> pa.Array:
    """The column as texts, whether it is kept as a dictionary or not."""
    return column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column


def take_strings(column: pa.Array, numbers: Indices) -> list[str]:
    """The texts of some rows."""
    return list(to_plain_text(column.take(pa.array(numbers))).to_pylist())


def string_buffers(column: pa.Array) -> tuple[Offsets, Bytes]:
    """Where each text of a column of plain texts begins and ends, and the bytes of all of them."""
    _, offsets, data = column.buffers()
    bounds = np.frombuffer(offsets, dtype=np.int32)[column.offset : column.offset + len(column) + 1]
    return bounds, np.frombuffer(data, dtype=np.uint8) if data is not None and data.size else np.zeros(1, np.uint8)


def strip_blanks(column: pa.Array) -> pa.Array:
    """A column of plain texts without blanks around them.

    Arrow makes each text anew, where it is enough to look at two bytes of each: mostly none is a blank, or part of one.
    """
    bounds, data = string_buffers(column)
    firsts, lasts = data[np.minimum(bounds[:-1], len(data) - 1)], data[bounds[1:] - 1]
    if not (_BEGIN_BLANKS[firsts].any() or _END_BLANKS[lasts].any()):
        return column
    return pc.utf8_trim(column, characters=BLANKS)


def cast_column(column: pa.Array, kind: pa.DataType) -> pa.Array:
    """The column in another type, dictionaries included."""
    if column.type == kind:
        return column
    if pa.types.is_dictionary(kind):
        return column.dictionary_encode() if not pa.types.is_dictionary(column.type) else column.cast(kind)
    return column.cast(kind)


def to_mask(column: pa.Array) -> Mask:
    """A boolean column without nulls as a numpy mask."""
    mask: Mask = column.to_numpy(zero_copy_only=False)
    return mask.astype(np.bool_)


def repeat_value(value: str | None, size: int) -> pa.Array:
    """One text on every row."""
    return pa.nulls(size, pa.string()) if value is None else pa.repeat(pa.scalar(value, pa.string()), size)


def take_categories(known: Mapping[int, str], size: int) -> pa.Array:
    """A column with a text on a few of its rows."""
    if not known:
        return pa.nulls(size, pa.string())
    return pa.array([known.get(row) for row in range(size)], pa.string())


def build_table(schema: pa.Schema, columns: Sequence[Sequence[Any]]) -> pa.Table:
    """A table from lists in the order of the schema; no lists at all are no rows."""
    if not columns:
        return schema.empty_table()
    return pa.table([pa.array(c, s.type) for c, s in zip(columns, schema, strict=True)], schema=schema)
