"""The command `gancheng doctor` after a complete run."""

from __future__ import annotations

import json

from assets.core.paths import Paths
from tests.builders.data_directories import Place


def test_the_command_shows_reason_and_remedy_and_exits_with_1(ran: Place) -> None:
    healthy = ran.call("doctor", "--lang", "en")
    assert (healthy.returncode, healthy.stdout) == (0, "All is well\n"), healthy.stderr
    Paths(ran.data).state.chmod(0o750)
    faulty = ran.call("doctor")
    assert (faulty.returncode, faulty.stdout) == (1, "")
    assert "chmod 700" in faulty.stderr
    assert "Traceback" not in faulty.stderr
    in_json = ran.call("doctor", "--json", "--lang", "en")
    issues = json.loads(in_json.stdout)
    assert (in_json.returncode, [issue["code"] for issue in issues]) == (1, ["insecure_state_folder"])
