"""Templates: pages are those that Jinja makes by itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jinja2 import DictLoader, Environment, StrictUndefined, UndefinedError
from markupsafe import Markup

from assets.release.outputs.report.formatters import bilingual, format_value
from assets.release.outputs.report.templating import Templates

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "t": bilingual,
    "figure": format_value,
    "share": lambda value, low=0, high=100: (value, low, high),
}
TOLD: dict[str, Any] = {
    "row": {"name": "<b>", "value": 12.345, "items": "a cell", "none": None, "marked": Markup("<i>")},
    "rows": {"one": {"value": 1.0}, "two": {"value": 2.0}},
}


def rendered(folder: Path, text: str) -> str:
    (folder / "page.j2").write_text(text, encoding="utf-8")
    return Templates(folder, FUNCTIONS).get_template("page.j2").render(**TOLD)


def as_jinja_does(text: str) -> str:
    plain = Environment(
        loader=DictLoader({"page.j2": text}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    plain.globals |= FUNCTIONS
    return plain.get_template("page.j2").render(**TOLD)


@pytest.mark.parametrize(
    "text",
    [
        '{{ t("<得分>", "a & b") }}',
        '{{ t("同", "同") }}',
        '{{ t(row.name, row.name ~ "<") }}{{ t("a", row.value) }}',
        "{{ figure(row.value, 2) }} {{ figure(row.none, 1) }}",
        "{{ share(3) }} {{ share(row.value, high=7) }} {{ share(*[1, 2], **{'high': 3}) }}",
        '{{ t(t("a", "b"), figure(row.value, 1)) }}{{ "%s" | format(t("<", ">")) }}',
        '{% macro m(x) %}<td>{{ t("<", x.name) }}{{ x.value }}</td>{% endmacro %}{{ m(row) }}',
        "{% for key, one in rows.items() %}{{ key }}{{ one.value }}{% endfor %}{{ rows.values() | list | length }}",
        '{{ row["items"] }}{{ row.marked }}{{ row.name }}',
        '{% set cell = rows.get("one") %}{% if cell %}{{ cell.value }}{% endif %}',
    ],
)
def test_a_page_is_the_one_that_jinja_makes_by_itself(tmp_path: Path, text: str) -> None:
    assert rendered(tmp_path, text) == as_jinja_does(text)


@pytest.mark.parametrize("text", ["{{ row.missing }}", "{{ missing }}", '{{ t("a", row.missing) }}'])
def test_what_a_row_does_not_have_is_an_error_and_never_empty(tmp_path: Path, text: str) -> None:
    with pytest.raises(UndefinedError):
        rendered(tmp_path, text)
