"""Request packs: what a letter asks for narrows the ranges as the letter says. All figures are synthetic."""

from __future__ import annotations

import json
import re
import zipfile
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from xml.dom.minidom import parseString
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook

from assets.core.errors import DataError, UsageError
from assets.core.paths import Paths
from assets.forms.form import Form, build_form
from assets.forms.history import read_history
from assets.forms.letter import SHIPPED, fill_letter
from assets.forms.overview import write_overview
from assets.forms.owed import Delivery, read_deliveries
from assets.forms.registry import FormRegistry, read_form_registry
from assets.forms.request import Request, format_points, read_request, write_pack, zip_pack
from assets.release.read.reader import Release
from tests.builders.data_directories import Place, copy_province
from tests.builders.form_filling import MadeForm

# Files arrive when the test runs, which is after a fixed day once that is over where the offices are.
YEAR, TODAY = 2025, datetime.now(ZoneInfo("Asia/Shanghai")).date()
SIGNED = {"填报人": "甲某", "审核人": "乙某", "填报日期": "2026-11-28", "报送状态": "报送完毕"}
# What the rows of the two datasets without a column for each indicator say.
ROWS: dict[str, list[dict[str, Any]]] = {
    "employment_events": [
        {"date": "2025-06-01", "event": "虚构招聘会", "posts": 100, "intents": 50, "enterprises": 5, "is_local": "是"}
    ],
    "housing_renewal": [
        {"programme": "城镇老旧小区改造", "stage": stage, "communities": 80, "households": 900}
        for stage in ("计划", "计划开工", "计划完工", "开工", "完成")
    ],
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    place = copy_province(tmp_path_factory.mktemp("requests") / "data")
    place.run()
    return place


def request_of(place: Place, city: str) -> tuple[FormRegistry, Release, Request]:
    paths, release = Paths(place.data), place.release()
    registry = read_form_registry(paths)
    deliveries = read_deliveries(paths, registry, release, YEAR, TODAY)
    return registry, release, read_request(registry, release, registry.get_cities(city)[0], YEAR, deliveries)


def answers(form: Form) -> dict[tuple[int, str], Any]:
    """Every figure that scores, by row and column."""
    contract = form.contract
    if contract.dataset in ROWS:
        rows = enumerate(ROWS[contract.dataset])
        given = {name for name in contract.given_columns - form.locked if name != "scope"}
        return {(row, name): cells.get(name) for row, cells in rows for name in {*cells, *given}}
    if contract.column_of("indicator") is not None:
        scored = enumerate(sorted(form.indicators, key=lambda each: not each.is_scored))
        return {(row, "value"): 1 if each.kind == "yes_no" else 50 for row, each in scored if each.is_scored}
    rows_of_form = [(row, content) for row, content in enumerate(form.rows) if content.rules]
    return {(row, name): 50 for row, content in rows_of_form for name in form.figures if name not in content.closed}


def test_what_a_letter_asks_for_narrows_the_ranges_to_the_digit(place: Place, tmp_path: Path) -> None:
    name = "萍乡市"
    registry, release, request = request_of(place, name)
    assert request.figures
    assert len(request.datasets) == len(registry.contracts)
    pack = write_pack(Paths(place.data), registry, release, request, TODAY, tmp_path)
    for dataset in request.datasets:
        contract = registry.contracts[dataset]
        history = read_history(release, registry, contract, request.city.city_code, YEAR)
        form = build_form(registry, contract, request.city, YEAR, history)
        target = place.data / "inbox" / dataset / name / form.file_name
        target.parent.mkdir(parents=True, exist_ok=True)
        MadeForm(form, registry, pack / "表单" / form.file_name).fill(answers(form), SIGNED, target)
    place.run()
    rejected = place.rows("select * from intake.rejects where file like '%萍乡市%'")
    assert [(row["file"], row["line"], row["reason_zh"]) for row in rejected] == []
    after = place.rows(
        """
        select dimension_id, open from scorecards.dimension_scores
        where city_code = ? and basket_id = ? order by dimension_id
        """,
        [request.city.city_code, request.figures[0]["basket_id"]],
    )
    stated = {each.dimension_id: format_points(each.after) for each in request.ranges}
    measured = {row["dimension_id"]: format_points(row["open"]) for row in after}
    assert {name: measured[name] for name in stated} == stated
    _, _, later = request_of(place, name)
    assert [each.state for each in later.deliveries] == ["complete"] * len(later.deliveries)
    assert later.deliveries[0].signed_by == "甲某 / 乙某 / 2026-11-28"
    freshness = place.rows("from quality.freshness where city_code = ?", [request.city.city_code])
    assert {(row["last_year"], row["delivery"]) for row in freshness} == {(YEAR, "signed_complete")}
    partly = json.loads(place.call("status", "--json", "--as-of", str(TODAY)).stdout)["partly_sent"]
    assert partly
    assert not [row for row in partly if "萍乡" in row["cities_zh"]]
    assert not [row for row in place.rows("from intake.notes") if "甲某" in row["text"]]
    assert later.figures == []
    assert later.datasets == []


def test_choices_of_an_earlier_contract_are_left_out_of_a_form(place: Place) -> None:
    registry, release, request = request_of(place, "南昌")
    contract = registry.contracts["housing_renewal"]
    before = read_history(release, registry, contract, "360100", YEAR).choices
    gone = before[0][0]
    programme = contract.columns["programme"]
    allowed = tuple(value for value in programme.allowed or () if value != gone)
    labels = {value: label for value, label in programme.labels.items() if value != gone}
    columns = contract.columns | {"programme": programme.model_copy(update={"allowed": allowed, "labels": labels})}
    changed = contract.model_copy(update={"columns": columns})
    after = read_history(release, registry, changed, request.city.city_code, YEAR).choices
    assert after == [choices for choices in before if choices[0] != gone]


def test_the_letter_names_what_is_owed_and_every_missing_figure(place: Place, tmp_path: Path) -> None:
    registry, release, request = request_of(place, "南昌")
    pack = write_pack(Paths(place.data), registry, release, request, TODAY, tmp_path)
    text = text_of(next(pack.glob("*.docx")))
    assert "{" not in text
    for row in request.figures:
        assert row["name_zh"] in text
    for each in request.deliveries:
        assert each.name in text
    assert "2026年3月31日" in text
    assert "指标篮是事先选定的一组指标；“全部指标篮”收全部计分指标" in text
    assert "“核心指标篮”收每年按城市公布或各城市应当报送的指标，评分和名次以此为准" in text
    assert zip_pack(pack).name == "南昌市.zip"
    assert not pack.exists()


def test_the_overview_has_a_row_for_each_city_and_the_rates(place: Place, tmp_path: Path) -> None:
    paths, release = Paths(place.data), place.release()
    registry = read_form_registry(paths)
    deliveries = read_deliveries(paths, registry, release, YEAR, TODAY)
    page, book = write_overview(registry, deliveries, YEAR, TODAY, tmp_path)
    sheet = load_workbook(book)["总表"]
    names = [sheet.cell(line, 1).value for line in range(5, 5 + len(registry.cities) + 1)]
    assert names == [*(city.name for city in registry.cities.values()), "全省"]
    assert all(city.name in page.read_text(encoding="utf-8") for city in registry.cities.values())


def text_of(letter: Path) -> str:
    with zipfile.ZipFile(letter) as parts:
        return re.sub("<[^>]+>", "", parts.read("word/document.xml").decode())


def test_a_folder_that_is_no_earlier_pack_is_left_alone(place: Place, tmp_path: Path) -> None:
    registry, release, request = request_of(place, "萍乡")
    paths, own = Paths(place.data), tmp_path / "萍乡市" / "own.txt"
    own.parent.mkdir()
    own.write_text("synthetic", encoding="utf-8")
    with pytest.raises(UsageError) as raised:
        write_pack(paths, registry, release, request, TODAY, tmp_path)
    assert raised.value.issue.code == "folder_not_empty"
    assert [file.name for file in tmp_path.rglob("*")] == ["萍乡市", "own.txt"]


def test_a_template_that_cannot_be_used_leaves_the_earlier_pack(place: Place, tmp_path: Path) -> None:
    registry, release, request = request_of(place, "萍乡")
    pack = write_pack(Paths(place.data), registry, release, request, TODAY, tmp_path / "packs")
    before = sorted(pack.rglob("*"))
    broken = Paths(tmp_path / "data")
    place_of_template = broken.data / "templates" / SHIPPED.name
    place_of_template.parent.mkdir(parents=True)
    with zipfile.ZipFile(place_of_template, "w") as book:
        book.writestr("xl/workbook.xml", "<workbook/>")
    workbook = place_of_template.read_bytes()
    damaged = template(tmp_path, "x").read_bytes().replace(b"</w:document>", b"</w:documenX>")
    for content in (b"no docx", workbook, damaged):
        place_of_template.write_bytes(content)
        with pytest.raises(DataError) as raised:
            write_pack(broken, registry, release, request, TODAY, tmp_path / "packs")
        assert [issue.code for issue in raised.value.issues] == ["template_unreadable"]
    assert sorted(pack.rglob("*")) == before
    assert [folder.name for folder in (tmp_path / "packs").iterdir()] == ["萍乡市"]
    again = write_pack(Paths(place.data), registry, release, request, TODAY, tmp_path / "packs")
    assert sorted(again.rglob("*")) == before


def template(folder: Path, text: str) -> Path:
    """A template as Word leaves it: its text in several pieces."""
    pieces = "".join(f"<w:r><w:t>{piece}</w:t></w:r>" for piece in text)
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    file = folder / "template.docx"
    with zipfile.ZipFile(file, "w") as parts:
        parts.writestr("word/document.xml", f'<w:document xmlns:w="{space}"><w:p>{pieces}</w:p></w:document>')
    return file


def test_a_control_character_of_a_file_does_not_break_the_letter(tmp_path: Path) -> None:
    fill_letter(template(tmp_path, "{text}"), tmp_path / "letter.docx", {"text": "南\x07昌\u202e"}, {})
    assert text_of(tmp_path / "letter.docx") == "南\\u0007昌\\u202e"
    with zipfile.ZipFile(tmp_path / "letter.docx") as parts:
        parseString(parts.read("word/document.xml"))


def test_the_words_of_an_office_become_no_link_in_the_overview(place: Place, tmp_path: Path) -> None:
    registry, _, request = request_of(place, "萍乡")
    signed = [replace(each, signed_by="external:\\\\evil\\share") for each in request.deliveries]
    _, book = write_overview(registry, signed, YEAR, TODAY, tmp_path)
    with zipfile.ZipFile(book) as parts:
        assert not [name for name in parts.namelist() if name.endswith(".rels") and b"evil" in parts.read(name)]


def test_a_token_that_word_split_is_filled_in_and_a_list_is_repeated(tmp_path: Path) -> None:
    letter = tmp_path / "letter.docx"
    fill_letter(template(tmp_path, "{item.name}："), letter, {}, {"item": [{"name": "{甲}"}, {"name": "<乙>"}]})
    assert text_of(letter) == "{甲}：&lt;乙&gt;："


def test_a_template_that_names_something_unknown_or_is_no_document_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError) as error:
        fill_letter(template(tmp_path, "{nothing}"), tmp_path / "letter.docx", {}, {})
    assert [issue.code for issue in error.value.issues] == ["unknown_template_field"]
    (tmp_path / "template.docx").write_text("text")
    with pytest.raises(DataError) as error:
        fill_letter(tmp_path / "template.docx", tmp_path / "letter.docx", {}, {})
    assert [issue.code for issue in error.value.issues] == ["template_unreadable"]
    assert SHIPPED.is_file()


@pytest.mark.parametrize(
    ("received_on", "is_complete", "is_open"),
    [(None, False, True), (None, True, False), (TODAY, False, True), (TODAY, True, False)],
)
def test_nothing_sent_is_told_apart_from_all_sent(received_on: date | None, is_complete: bool, is_open: bool) -> None:
    state = "complete" if is_complete else "due"
    each = Delivery("d", "甲", "1", YEAR, TODAY, received_on, 0, 3, is_complete, "", state)  # type: ignore[arg-type]
    assert each.is_open == is_open
