"""Odd calls of commands: each ends with a message, and none writes into a release."""

from __future__ import annotations

import pytest

from assets.core.files import hash_file
from pipelines.cli import app
from tests.builders.data_directories import Place

RELEASE, ODD = "{data}/releases/current", "\udcff"
CALLS = [
    ["query", "select 1", "-o", f"{RELEASE}/gancheng.duckdb"],
    ["query", "select 1", "-o", f"{RELEASE}/new/x.csv"],
    ["query", "select 1", "-o", f"{{folder}}/{'a' * 300}.csv"],
    ["query", "select 1", "--timeout", "9" * 30],
    ["query", "select 1", "--memory", "9" * 30],
    ["query", f"select '{ODD}'"],
    ["query", "select $a", "-p", f"a={ODD}"],
    ["export", RELEASE],
    ["export", "{data}/releases"],
    ["export", "{folder}/x", "--table", ODD],
    ["form", "country_statistics", f"{RELEASE}/forms"],
    ["request", f"{RELEASE}/packs"],
    ["request", "{folder}/packs", "--as-of", "9999-12-31"],
    ["status", "--as-of", "9999-12-31"],
    ["status", "--as-of", "0001-01-01"],
    ["trace", "Aland", ODD],
    ["scorecard", ODD],
    ["diff", ODD, ".."],
    ["verify", "../releases"],
    ["approve", ODD, "--reason", "x"],
    ["check", f"{{folder}}/{ODD}.csv"],
]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: ascii(" ".join(call))[:40])
def test_an_odd_call_ends_with_a_message(
    countries: Place,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    call: list[str],
) -> None:
    def files() -> dict[str, str]:
        found = (file for file in (countries.data / "releases").rglob("*") if file.is_file())
        return {str(file): hash_file(file) for file in found}

    before, folder = files(), tmp_path_factory.mktemp("odd")
    arguments = [argument.replace("{data}", str(countries.data)) for argument in call]
    monkeypatch.setattr(
        "sys.argv", ["gancheng", *(argument.replace("{folder}", str(folder)) for argument in arguments)]
    )
    monkeypatch.setenv("GANCHENG_DATA_DIR", str(countries.data))
    with pytest.raises(SystemExit) as end:
        app.main()
    output = capsys.readouterr()
    assert end.value.code == 2, output.err
    assert output.err
    assert "Traceback" not in output.err
    assert files() == before
