"""pandas with Great Expectations: the rules as expectations on a DataFrame, broken rows split off by their index."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import great_expectations as gx
import pandas as pd

from benchmarks.peers.frames import Rules, answer, read

expect = gx.expectations


def expectations(rules: Rules) -> Iterator[Any]:
    for column in rules.columns:
        if column.required:
            yield expect.ExpectColumnValuesToNotBeNull(column=column.name)
        if column.is_number:
            yield expect.ExpectColumnValuesToMatchRegex(column=column.name, regex=column.pattern)
        if column.minimum is not None or column.maximum is not None:
            yield expect.ExpectColumnValuesToBeBetween(
                column=read(column.name), min_value=column.minimum, max_value=column.maximum
            )
        if column.allowed is not None:
            yield expect.ExpectColumnValuesToBeInSet(column=column.name, value_set=column.allowed)


def broken(rows: pd.DataFrame, rules: Rules) -> pd.Index[Any]:
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
    asset = context.data_sources.add_pandas("inbox").add_dataframe_asset(rules.dataset)
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": rows})
    suite = gx.ExpectationSuite(name=rules.dataset, expectations=list(expectations(rules)))
    result = batch.validate(suite, result_format={"result_format": "COMPLETE"})
    return pd.Index([index for one in result.results for index in one.result.get("unexpected_index_list") or ()])


if __name__ == "__main__":
    answer(broken)
