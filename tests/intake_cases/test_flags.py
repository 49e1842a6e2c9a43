"""Mess that is kept with a note: what the intake alone can detect of it. The other flags:
assets.quality.anomalies.outliers."""

from __future__ import annotations

import pytest

from tests.builders.inbox import Inbox, Take
from tests.builders.intake_files import PARKS, STATISTICS, park, statistic, text_of, xlsx

YEARS = [park("南昌市", 2023), park("九江市", 2023)]


def test_29_first_and_revised_figures_of_one_year_are_two_vintages(inbox: Inbox) -> None:
    for name, value in (("synthetic_first.csv", 5745.51), ("synthetic_revised.csv", 5783.32)):
        inbox.put("city_statistics", text_of(STATISTICS, statistic("gdp_100m_yuan", value, "亿元", year=2020)), name)
        outcomes = inbox.outcomes("city_statistics")
    first, revised = outcomes["synthetic_first.csv"], outcomes["synthetic_revised.csv"]
    assert first.values("city_code", "year", "value") == [("360100", 2020.0, 5745.51)]
    assert revised.values("city_code", "year", "value") == [("360100", 2020.0, 5783.32)]
    assert first.receipt.received_at < revised.receipt.received_at


def test_29_both_vintages_of_one_file_are_read_where_it_names_them(take: Take) -> None:
    headers = (*STATISTICS, "发布批次")
    rows = [
        (*statistic("gdp_100m_yuan", value, "亿元", year=2020), issue)
        for value, issue in ((5745.51, "初步核算"), (5783.32, "修订"))
    ]
    outcome = take("city_statistics", text_of(headers, *rows))
    assert outcome.values("value", "issue") == [(5745.51, "初步核算"), (5783.32, "修订")]
    assert outcome.rejects == []


@pytest.mark.parametrize("title", ["2024年江西省城市建设统计表", "城市建设统计（2024）"])
def test_30_a_title_of_another_year_than_the_rows_is_reported(take: Take, title: str) -> None:
    csv_file = text_of((title, *[""] * (len(PARKS) - 1)), PARKS, *YEARS)
    workbook = xlsx({"合成": [[title], PARKS, *YEARS]})
    for content, name in ((csv_file.encode(), "synthetic.csv"), (workbook, "synthetic.xlsx")):
        outcome = take("parks", content, name)
        assert outcome.values("year") == [(2023.0,), (2023.0,)]
        assert outcome.notes("title_year_differs") == [(1, "2024 / 2023")]


@pytest.mark.parametrize(("sheet", "notes"), [("2021", [(None, "2021 / 2023")]), ("2023年", []), ("Sheet20240", [])])
def test_30_the_name_of_a_sheet_may_say_another_year_too(
    take: Take, sheet: str, notes: list[tuple[int | None, str]]
) -> None:
    outcome = take("parks", xlsx({sheet: [PARKS, *YEARS]}), "synthetic.xlsx")
    assert outcome.values("year") == [(2023.0,), (2023.0,)]
    assert outcome.notes("title_year_differs") == notes


@pytest.mark.parametrize("title", ["2023年江西省城市建设统计表", "2014—2024年城市建设统计表", "江西省城市建设统计表"])
def test_30_a_title_of_the_same_year_or_of_a_span_is_not(take: Take, title: str) -> None:
    outcome = take("parks", text_of((title, *[""] * (len(PARKS) - 1)), PARKS, *YEARS))
    assert outcome.notes("title_year_differs") == []
    assert outcome.notes("title") == [(1, title)]
