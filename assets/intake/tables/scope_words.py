"""Words around a table that say of which area its figures are, such as 县城, 全域 or 不含县.

Here: such words in titles, names of sheets and notes, compared with the scopes of the rows. Not here: scopes in headers
(assets.intake.tables.headers).
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set

from assets.core.errors import Issue
from assets.intake.tables.row_kinds import plain_form

COUNTY_SEAT = "县城"
_URBAN = frozenset(("城区", "市区", "市辖区", "建成区"))
_WHOLE = frozenset(("全市", "城镇"))
# Words that name an area, each with the scopes of rows that agree with it.
_AREAS: tuple[tuple[re.Pattern[str], frozenset[str]], ...] = (
    (re.compile("县城(?!为|城镇化)"), frozenset((COUNTY_SEAT,))),
    (re.compile("全县|县域|(?:(?<=[省年表])|^)县(?![城级市区乡镇(、])"), frozenset()),
    (re.compile("建制镇|小城镇|乡镇|集镇|镇区|全镇|村镇|农村|乡村|村庄|行政村|自然村|^[乡镇村]$"), frozenset()),
    (re.compile("市辖区"), frozenset(("市辖区", "市区"))),
    (re.compile("(?<![城各设县])市区(?![域块位县划])"), frozenset(("市区", "市辖区"))),
    # The yearbooks publish figures of the built-up area as those of the urban area.
    (re.compile("建成区"), frozenset(("建成区", "城区"))),
    (re.compile("城区"), frozenset(("城区",))),
    (re.compile("全市(?![场民])|全域(?!旅)|市域(?!铁)"), _WHOLE),
)
# What an area includes or leaves out.
_SHARES: tuple[tuple[re.Pattern[str], frozenset[str]], ...] = (
    (re.compile("(?:不(?:包?含|包括|计)|扣除|剔除|除)(?:所|下)?辖?各?县城?"), _URBAN),
    (re.compile("(?:不(?:包?含|包括|计)|扣除|剔除|除)(?:中心|主)?(?:城区|市区|市辖区)"), frozenset((COUNTY_SEAT,))),
    (re.compile("(?<!不)(?<!不包)(?:包?含|包括)(?:所|下)?辖?各?(?:县城?|乡镇?|镇|农村|村)"), _WHOLE),
)
# The official tables of 城市（县城）和村镇 are of both.
_OF_ALL = re.compile(r"城市(?:[(]县城[)]|[和与及、]?县城)(?:[和与及、]?村镇)?")
# 填报单位：县城建设局 says who sends the table.
_LABEL = re.compile(r"^[^:]{0,10}(?:单位|部门|机关|人|电话|日期|时间|号|来源|地址|地区|城市)[^:]{0,4}:")
_UNIT = re.compile(r"[(](?:计量)?单位[^()]*[)]")
_CLAUSE = re.compile("[,。;]")
# Which clauses of a note say what the figures are, and which of them are about figures elsewhere.
_OF_FIGURES = re.compile("口径|范围|[本上]表|(?:数据|数字|指标|^注[0-9]?:)(?:均|仅|只|不?包?[含括]|为|是|截)")
_ELSEWHERE = re.compile("另|见|来源|提供|其中|合计")


def find_other_scope(
    titles: Sequence[tuple[str, int | None]],
    notes: Sequence[tuple[str, int | None]],
    stated: Set[str],
    headers: Sequence[str],
    sheet: str | None,
) -> Issue | None:
    """Return the issue of rows whose scope is none that the words around them name.

    A title is compared with all rows together: where some have its area, the others say that they have another one.

    Args:
        titles: titles and the name of the sheet, with their lines.
        notes: the notes below the table, with their lines.
        stated: the scopes of the rows.
        headers: the headers of the figures: an area that is part of their names is no scope of the rows.
        sheet: the name of the sheet, for the issue.
    """
    names = "".join(map(plain_form, headers))
    # A title of several clauses is an explanation, as a note is.
    explaining = [(text, line) for text, line in titles if _CLAUSE.search(plain_form(text))]
    above = [
        (text, line, agreeing)
        for text, line in titles
        if (text, line) not in explaining and (agreeing := _read(plain_form(text), names)) is not None
    ]
    # Several titles may name an area each; a note is about all rows.
    if above:
        above = [(*above[0][:2], frozenset().union(*(agreeing for _, _, agreeing in above)))]
    below = [
        (text, line, agreeing)
        for text, line in (*explaining, *notes)
        for clause in clauses_about_figures(text)
        if (agreeing := _read(clause, names)) is not None
    ]
    for text, line, agreeing in (*(one for one in above if not stated & one[2]), *below):
        if others := sorted(stated - agreeing):
            return Issue("conflicting_scopes", f"{text.strip()} / {'、'.join(others)}", line=line, sheet=sheet)
    return None


def clauses_about_figures(note: str) -> list[str]:
    """Return the clauses of a note, in plain form, that say what the figures of the table are."""
    clauses = _CLAUSE.split(plain_form(note))
    return [clause for clause in clauses if _OF_FIGURES.search(clause) and not _ELSEWHERE.search(clause)]


def names_area(text: str) -> bool:
    """Return whether a text says of which area figures are."""
    return _read(plain_form(text), "") is not None


def _read(form: str, names: str) -> frozenset[str] | None:
    """The scopes of rows that agree with a text in plain form; None where it names no area."""
    form = _OF_ALL.sub("", _UNIT.sub("", form))
    if _LABEL.match(form):
        return None
    shares = [agreeing for pattern, agreeing in _SHARES if pattern.search(form)]
    for pattern, _ in _SHARES:
        form = pattern.sub("", form)
    areas = [agreeing for pattern, agreeing in _AREAS if (match := pattern.search(form)) and match[0] not in names]
    if not shares and not areas:
        return None
    allowed = frozenset().union(*areas) if areas else _URBAN | _WHOLE | {COUNTY_SEAT}
    return allowed.intersection(*shares)
