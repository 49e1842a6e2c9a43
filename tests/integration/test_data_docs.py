"""Great Expectations' pages of an audit: they open without a network, and what cells hold is text on them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from assets.core.paths import Paths
from assets.quality.checks.definitions import Check, CheckExecutionError
from assets.quality.checks.gx_worker import ValidationWorker
from assets.warehouse.connection import Warehouse

HOSTILE = "<script>alert('x')</script> $PATH ${x} {{ 1 + 1 }}"


def warehouse(folder: Path) -> Warehouse:
    made = Warehouse(Paths(folder))
    with made.connect() as connection:
        connection.execute("create schema stage")
        connection.execute("create table stage.names (id integer, name varchar)")
        connection.execute("insert into stage.names values (1, ?), (2, 'plain')", [HOSTILE])
    return made


def allowed(value: str) -> Check:
    return Check(
        "stage.names", "name_allowed", "in_set", HOSTILE, HOSTILE, key=("id",), column="name", allowed=(value,)
    )


def broken() -> Check:
    query = "select name from stage.names where name like '%<%'"
    return Check("stage.names", "no_markup", "no_rows", "无标记", "no markup", key=("id",), query=query)


def test_the_pages_tell_failing_rows_as_text_and_ask_nothing_of_the_network(tmp_path: Path) -> None:
    place, pages = warehouse(tmp_path), tmp_path / "pages"
    with ValidationWorker() as auditor:
        auditor.submit_checks(place.paths.candidate, [allowed("plain"), broken()], pages)
        results = auditor.results()
        auditor.finish()
    assert [result.rows_failing for result in results] == [1, 1]
    text = (pages / "stage.names.html").read_text(encoding="utf-8")
    assert "<script" not in text
    assert "&lt;script&gt;alert" in text
    assert not re.search(r"(src|href)=\"(https?:|//)", text)
    assert set(re.findall(r'href="([^"]*)"', text)) == {"../report.css", "../checks.css", "../quality.html"}
    with place.connect() as connection:  # nothing holds the database any longer
        connection.execute("insert into stage.names values (3, 'more')")


def test_pages_of_an_earlier_audit_do_not_stay(tmp_path: Path) -> None:
    place, pages = warehouse(tmp_path), tmp_path / "pages"
    pages.mkdir()
    (pages / "stage.gone.html").write_text("old", encoding="utf-8")
    with ValidationWorker() as auditor:
        auditor.submit_checks(place.paths.candidate, [broken()], pages)
        auditor.results()
        auditor.finish()
    assert [page.name for page in pages.iterdir()] == ["stage.names.html"]


def test_a_check_that_cannot_be_carried_out_is_our_fault_and_told(tmp_path: Path) -> None:
    place = warehouse(tmp_path)
    check = Check("stage.names", "x", "no_rows", "无", "none", query="select nothing from nowhere")
    with ValidationWorker() as auditor:
        auditor.submit_checks(place.paths.candidate, [check], tmp_path / "pages")
        with pytest.raises(CheckExecutionError, match="nowhere"):
            auditor.results()


def test_without_an_audit_there_is_nothing_to_wait_for() -> None:
    with ValidationWorker() as auditor:
        auditor.finish()
