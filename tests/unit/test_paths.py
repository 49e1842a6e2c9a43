"""Which data directory a command works on."""

from __future__ import annotations

from pathlib import Path

import pytest

from assets.core.errors import UsageError
from assets.core.paths import DATA_DIR_VARIABLE, PROJECT_ROOT, Paths


@pytest.fixture(autouse=True)
def _no_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(DATA_DIR_VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)


def test_the_variable_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "reference").mkdir()
    (tmp_path / "contracts").mkdir()
    monkeypatch.setenv(DATA_DIR_VARIABLE, str(tmp_path / "other"))
    assert Paths.from_environment().data == tmp_path / "other"


def test_a_working_directory_with_reference_tables_and_contracts_comes_next(tmp_path: Path) -> None:
    (tmp_path / "reference").mkdir()
    assert Paths.from_environment().data == PROJECT_ROOT / "data"
    (tmp_path / "contracts").mkdir()
    assert Paths.from_environment().data == tmp_path


def test_an_installed_program_has_no_data_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("assets.core.paths.SHIPPED", PROJECT_ROOT / "assets" / "shipped")
    with pytest.raises(UsageError) as refused:
        Paths.from_environment()
    assert refused.value.issue.code == "no_data_directory"
