"""The shipped letter has the page of an official document (GB/T 9704): margins, grid, fonts, sizes, page numbers."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from xml.dom.minidom import parseString

import pytest

from assets.forms.letter import SHIPPED, fill_letter

TWIPS_PER_MM = 1440 / 25.4
TITLE_FONT, BODY_FONT, HEADING_FONT = "方正小标宋简体", "仿宋_GB2312", "黑体"
SIZE_2, SIZE_3, SIZE_4 = "44", "32", "28"  # 二号, 三号, 四号 in half points
Element = dict[str, str]


def part(name: str) -> str:
    with zipfile.ZipFile(SHIPPED) as parts:
        return parts.read(f"word/{name}.xml").decode("utf-8")


def attributes(name: str, text: str) -> Element:
    """The attributes of the first element of this name."""
    element = parseString(text).getElementsByTagName(f"w:{name}")[0]
    return {key.removeprefix("w:"): value for key, value in element.attributes.items()}


def paragraphs() -> dict[str, str]:
    """The XML of each paragraph outside tables, by its text."""
    body = re.sub("<w:tbl>.*?</w:tbl>", "", part("document"), flags=re.DOTALL)
    return {re.sub("<[^>]+>", "", text): text for text in re.findall("<w:p>.*?</w:p>", body, re.DOTALL)}


def font(xml: str) -> tuple[str, ...]:
    return tuple(re.findall(r'eastAsia="([^"]+)"', xml) + re.findall(r'<w:sz w:val="(\d+)"', xml))


def test_the_page_is_a4_with_the_margins_of_an_official_document() -> None:
    page, margins = attributes("pgSz", part("document")), attributes("pgMar", part("document"))
    width, height = (int(page[name]) / TWIPS_PER_MM for name in ("w", "h"))
    top, right, bottom, left = (int(margins[name]) / TWIPS_PER_MM for name in ("top", "right", "bottom", "left"))
    assert (round(width), round(height), round(top), round(left)) == (210, 297, 37, 28)
    assert (round(width - left - right), round(height - top - bottom)) == (156, 225)


def test_a_page_has_22_lines_of_28_characters() -> None:
    page, margins, grid = (attributes(name, part("document")) for name in ("pgSz", "pgMar", "docGrid"))
    height = int(page["h"]) - int(margins["top"]) - int(margins["bottom"])
    width = int(page["w"]) - int(margins["left"]) - int(margins["right"])
    pitch = 16 + int(grid["charSpace"]) / 4096  # points; a character of 三号 has 16
    assert grid["type"] == "linesAndChars"
    assert height / int(grid["linePitch"]) == pytest.approx(22, abs=0.05)
    assert width / 20 / pitch == pytest.approx(28, abs=0.05)


def test_title_headings_and_body_have_their_fonts_and_sizes() -> None:
    texts = paragraphs()
    fonts = {text[:2]: font(xml) for text, xml in texts.items()}
    assert fonts["关于"] == (TITLE_FONT, SIZE_2)
    assert [fonts[text] for text in ("一、", "二、", "三、", "四、")] == [(HEADING_FONT, SIZE_3)] * 4
    body = [xml for text, xml in texts.items() if text[1:2] != "、" and text[:2] not in ("关于", "（发")]
    assert {font(xml) for xml in body} == {(BODY_FONT, SIZE_3)}
    assert {attributes_of_spacing(xml) for xml in body} == {("580", "exact")}


def attributes_of_spacing(xml: str) -> tuple[str, ...]:
    line = re.search(r'w:line="(\d+)" w:lineRule="(\w+)"', xml)
    assert line is not None
    return line.groups()


def test_the_page_number_stands_outside_between_dashes() -> None:
    assert "evenAndOddHeaders" in part("settings")
    for name, side in (("footer_odd", "right"), ("footer_even", "left")):
        footer = part(name)
        assert re.sub("<[^>]+>", "", footer).strip() == "— 1 —"
        assert attributes("jc", footer) == {"val": side}
        assert attributes("ind", footer)[f"{side}Chars"] == "100"
        assert set(font(footer)) == {"宋体", SIZE_4}


def test_a_letter_keeps_all_parts_of_its_template(tmp_path: Path) -> None:
    names = re.findall(r"\{(\w+)\}", re.sub("<[^>]+>", "", part("document")))
    lists: dict[str, list[dict[str, str]]] = {
        name: [] for name in re.findall(r"\{(\w+)\.", re.sub("<[^>]+>", "", part("document")))
    }
    fill_letter(SHIPPED, tmp_path / "letter.docx", dict.fromkeys(names, "文"), lists)
    with zipfile.ZipFile(SHIPPED) as template, zipfile.ZipFile(tmp_path / "letter.docx") as letter:
        assert letter.namelist() == template.namelist()
        parseString(letter.read("word/document.xml"))
