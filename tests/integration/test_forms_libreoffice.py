"""Forms in LibreOffice: it recalculates and saves them, and what intake rejects was marked in the form itself.

Every figure in these forms is synthetic.
"""

from __future__ import annotations

import random
import subprocess
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from assets.forms.layout import FIRST, FormLayout
from assets.forms.workbook import read_form_texts
from assets.intake.tables.contracts import read_contracts
from tests.builders.form_filling import MadeForm, make_form
from tests.builders.inbox import DATA, Inbox, Shipped
from tests.helpers.needs import needs
from tests.helpers.proof_scale import times

DATASETS = sorted(read_contracts(DATA.contracts))
# What people type: right, out of limits, in another unit of thought, of another type.
TYPED: tuple[Any, ...] = (
    0,
    12,
    43.2,
    0.5,
    143.2,
    -7,
    2_500_000,
    "80余",
    "未统计",
    "十三",
    "12,5",
    "??",
    "*",
    "abc",
    "是",
    "2025-03-01",
)
_MARKED = ("缺", "有误", "核对", "重复")

pytestmark = needs("soffice", "libreoffice-calc")


def type_at_random(made: MadeForm, seed: int) -> dict[tuple[int, str], Any]:
    chance = random.Random(seed)
    cells: dict[tuple[int, str], Any] = {}
    for row in chance.sample(range(len(made.form.rows)), 3):
        for name in made.form.contract.columns:
            is_given = name in made.form.locked and name in made.form.rows[row].given
            if not is_given and name not in made.form.rows[row].closed and chance.random() < 0.5:
                cells[row, name] = chance.choice(TYPED)
    return cells


def recalculate(files: list[Path], folder: Path) -> list[Path]:
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = ["soffice", profile, "--headless", "--convert-to", "xlsx", "--outdir", str(folder), *map(str, files)]
    subprocess.run(command, check=True, capture_output=True, timeout=times(300, 1800))
    return [folder / file.name for file in files]


@pytest.mark.parametrize("dataset", DATASETS)
def test_what_intake_rejects_was_marked_in_the_form(dataset: str, tmp_path: Path, shipped: Shipped) -> None:
    made = make_form(dataset, tmp_path)
    typed = [type_at_random(made, seed) for seed in range(times(4, 200))]
    files = [made.fill(cells, {}, tmp_path / f"{number}.xlsx") for number, cells in enumerate(typed)]
    for file in recalculate(files, tmp_path / "saved"):
        inbox = Inbox(tmp_path / "inbox" / file.stem, shipped)
        inbox.put(dataset, file.read_bytes(), file.name)
        outcome = inbox.outcomes(dataset)[file.name]
        assert outcome.refusals == []
        marked = marked_rows(made, file)
        assert {line for line, *_ in outcome.errors} <= marked.keys(), outcome.errors


def marked_rows(made: MadeForm, file: Path) -> dict[int, list[str]]:
    """The lines of the form in which its own check marks something."""
    texts = read_form_texts()["form"]
    check = load_workbook(file, data_only=True)[texts["sheets"]["check"]]
    layout = FormLayout(made.form, tuple(texts["sign_off"]), {})
    rows = {}
    for row in check.iter_rows(values_only=True):
        marks = [str(cell) for cell in row[1:] if cell in _MARKED]
        if str(row[0]).startswith("行 ") and marks:
            rows[int(str(row[0]).split()[1])] = marks
    assert all(FIRST < line <= layout.last + 1 for line in rows)
    return rows
