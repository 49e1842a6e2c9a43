"""How one cell is read: text, place, number with its qualifier, date, yes or no - as SQL expressions over text.

Here: macros and expressions that DuckDB evaluates over whole columns. Not here: which rows are refused for what
(assets.intake.rows).
"""

from __future__ import annotations

from assets.intake.contracts import FieldContract
from assets.warehouse.connection import Connection
from assets.warehouse.forms import BLANKS

_WIDE = "０１２３４５６７８９．，－＋％（）"
_HALF = "0123456789.,-+%()"
_MISSING = ("-", "--", "—", "——", "–", "…", "……", "/", "N/A", "n/a", "NA", "无", "暂无")
_NUMBER = r"[+-]?[0-9]+(?:\.[0-9]+)?"
_THOUSANDS = r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?"
_BEFORE = "近|约|超过|超|不足"
_AFTER = "余|多|以上"
_COUNTED = "家|个|人|名|户|栋|套"
_QUALIFIED = f"^({_BEFORE})?({_THOUSANDS}|{_NUMBER})({_AFTER})?(?:{_COUNTED})?$"
_DATES = ("%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日", "%Y%m%d")
# `%Y` alone would take 26 for a year, and `%m%d` seven digits for a date.
_DATE = "[0-9]{4}(-[0-9]{1,2}-[0-9]{1,2}|/[0-9]{1,2}/[0-9]{1,2}|年[0-9]{1,2}月[0-9]{1,2}日|[0-9]{4})"

YES = ("是", "true", "yes", "1")
NO = ("否", "false", "no", "0")


def define_macros(connection: Connection) -> None:
    """Define the readers of cells, each of which gives null where there is nothing that it can read.

    `clean` and `figure` take a cell as it was sent; the others take what these two give: a cell is cleaned once.
    """
    missing = ", ".join(f"'{marker}'" for marker in _MISSING)
    dates = "[" + ", ".join(f"'{form}'" for form in _DATES) + "]"
    yes, no = (", ".join(f"'{word}'" for word in words) for words in (YES, NO))
    for macro in (
        f"clean(t) as nullif(trim(t, '{BLANKS}'), '')",
        f"figure(t) as case when clean(t) in ({missing}) then null else translate(clean(t), '{_WIDE}', '{_HALF}') end",
        f"place_form(t) as lower(regexp_replace(t, '[{BLANKS}]', '', 'g'))",
        f"plain_number(t) as case when regexp_full_match(t, '{_NUMBER}') then try_cast(t as double) "
        f"when regexp_full_match(t, '{_THOUSANDS}') then try_cast(replace(t, ',', '') as double) end",
        "number_of(t) as case when isfinite(plain_number(t)) then plain_number(t) end",
        f"parts_of(t) as regexp_extract(t, '{_QUALIFIED}', ['before', 'number', 'after'])",
        "qualifier_of(parts) as case when parts.before in ('近', '约') then 'about' "
        "when parts.before = '不足' then 'under' when parts.before <> '' or parts.after <> '' then 'at_least' end",
        f"date_of(t) as case when regexp_full_match(t, '{_DATE}') and not starts_with(t, '0000') "
        f"then cast(try_strptime(t, {dates}) as date) end",
        f"boolean_of(t) as case when lower(t) in ({yes}) then true when lower(t) in ({no}) then false end",
    ):
        connection.execute(f"create or replace temp macro {macro}")


def cell_reader(field: FieldContract) -> str:
    """The macro that gives a cell's text, or null where it says that there is none: `无` is a gap in a figure alone."""
    return "figure" if field.type in ("number", "integer", "date") else "clean"


def typed_value(field: FieldContract, cell: str, parts: str) -> str:
    """The value of a cell, from its text and, where it may be approximate, from its parts; a place is looked up."""
    if field.type in ("number", "integer"):
        return f"number_of({parts}.number)" if field.qualified else f"number_of({cell})"
    readers = {"date": "date_of", "boolean": "boolean_of"}
    return f"{readers[field.type]}({cell})" if field.type in readers else cell
