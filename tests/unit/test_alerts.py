"""Alerts: received by a real server, one for each cause, told once, and never a reason for a run to fail."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from assets.core.errors import DataError, Issue, UsageError
from assets.core.paths import Paths
from assets.core.settings import ReminderSettings
from assets.release.read.reader import Release
from pipelines.observability import alerts
from tests.builders.candidates import candidate, tables_release_of
from tests.servers.alert_server import SECRET, AlertServer, serve_alerts

TODAY = date(2026, 5, 1)


@pytest.fixture
def alert_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[AlertServer]:
    monkeypatch.delenv(alerts.FILE_VARIABLE, raising=False)
    with serve_alerts() as server:
        monkeypatch.setenv(alerts.URLS_VARIABLE, server.url)
        yield server


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """A file with rejected rows, one that was refused, and a dataset of which two cities sent nothing."""
    with candidate() as connection:
        connection.execute("update intake.files set status = 'read', rows_read = 40, rows_rejected = 3")
        connection.execute(
            "insert into intake.files from (select * replace ('sheet/bad\n@all.csv' as file, "
            "'2' as file_sha256, 'refused' as status, 0 as rows_read, 0 as rows_rejected) "
            "from intake.files)"
        )
        connection.execute(
            "update intake.rejects set dataset = 'sheet', code = 'unknown_place', actual = '福洲', line = 7"
        )
        connection.execute("insert into intake.rejects from (select * replace (8 as line) from intake.rejects)")
        connection.execute(
            "insert into intake.rejects from (select * replace ('sheet/bad\n@all.csv' as file, "
            "'2' as file_sha256, null as line, 'file_has_nul' as code) from intake.rejects "
            "where line = 7)"
        )
        connection.execute("insert into intake.datasets values ('sheet', '表', 'Sheet', '03-31', 2025)")
        connection.execute("delete from quality.freshness")
        for city in ("A", "B"):
            connection.execute(
                "insert into quality.freshness by name select 'sheet' as dataset, ? as city_code, "
                "2025 as due_year, date '2026-03-31' as due_date",
                [city],
            )
        return tables_release_of(connection, tmp_path_factory.mktemp("data"))


def test_a_run_tells_one_message_for_each_cause(alert_server: AlertServer, release: Release, tmp_path: Path) -> None:
    told = alerts.send_new_alerts(Paths(tmp_path), "release", alerts.release_alerts(release, TODAY))
    assert (told.sent, told.failed, len(alert_server.messages)) == (3, (), 3)
    refused, rejected, late = (message["message"] for message in alert_server.messages)
    assert all("赣城 Gancheng" in title for title in alert_server.titles)
    assert "bad @all.csv: A whole file was refused" in refused, "no line break of a name gets through"
    assert "sheet/f.csv: Rows of a file were rejected: 3/40" in rejected
    assert "line 7: Unknown place “福洲”" in rejected
    assert "line 8" not in rejected, "one example of a fault is enough"
    assert "逾期未报" in late
    assert "The deadline was 2026-03-31" in late
    assert SECRET not in json.dumps(alert_server.messages)


def test_a_cause_is_told_once_while_it_lasts_and_again_when_it_comes_back(
    alert_server: AlertServer, release: Release, tmp_path: Path
) -> None:
    paths, causes = Paths(tmp_path), alerts.release_alerts(release, TODAY)
    sent = [alerts.send_new_alerts(paths, "release", told).sent for told in (causes, causes, causes[:2], causes)]
    assert sent == [3, 0, 0, 1]


def test_a_failure_is_told_by_cause_and_again_after_a_success(
    alert_server: AlertServer, release: Release, tmp_path: Path
) -> None:
    paths = Paths(tmp_path)
    error = DataError(
        [
            *(Issue("unknown_foreign_key", f"x{n}", "cities.csv", "reference/a.csv", n, "city") for n in range(1, 9)),
            Issue("check_failed", "planted (3): A", "This never holds", "scorecards.city_scores"),
        ]
    )
    assert alerts.alert_after_failure(paths, error) == alerts.DeliveryResult(2, ())
    many, check = alert_server.messages
    assert "reference/a.csv, line 1" in many["message"]
    assert "(and 3 more)" in many["message"]
    assert "This never holds" in check["message"]
    assert alerts.alert_after_failure(paths, error) == alerts.DeliveryResult(0, ())
    assert alerts.alert_after_run(paths, release) == alerts.DeliveryResult(3, ())
    assert alerts.alert_after_run(paths, release) == alerts.DeliveryResult(0, ())
    assert alerts.alert_after_failure(paths, error) == alerts.DeliveryResult(2, ())
    assert alerts.alert_after_run(paths, release) == alerts.DeliveryResult(0, ()), (
        "a failure forgets nothing of the release"
    )


def test_of_a_fault_of_ours_only_the_kind_is_told(alert_server: AlertServer, tmp_path: Path) -> None:
    alerts.alert_after_failure(Paths(tmp_path), RuntimeError(f"connecting with {SECRET}"))
    (message,) = alert_server.messages
    assert "RuntimeError" in message["message"]
    assert SECRET not in json.dumps(message)


def test_a_full_disk_is_told_as_that_and_another_run_is_not_told(alert_server: AlertServer, tmp_path: Path) -> None:
    alerts.alert_after_failure(Paths(tmp_path), OSError(28, "No space left on device"))
    assert "The disk is full" in alert_server.messages[0]["message"]
    assert alerts.alert_after_failure(Paths(tmp_path), UsageError(Issue("run_in_progress", "pid 1"))) is not None
    assert len(alert_server.messages) == 1


def test_many_causes_come_a_few_at_a_time(alert_server: AlertServer, tmp_path: Path) -> None:
    causes = [alerts.Alert(str(n), (Issue("alert_test"),)) for n in range(25)]
    assert [alerts.send_new_alerts(Paths(tmp_path), "release", causes).sent for _ in range(3)] == [20, 5, 0]


def test_what_was_not_delivered_is_told_the_next_time_and_never_raises(
    alert_server: AlertServer,
    release: Release,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    alert_server.answer = 500
    assert alerts.alert_after_run(Paths(tmp_path), release) == alerts.DeliveryResult(0, (1,))
    alert_server.answer = 200
    told = alerts.alert_after_run(Paths(tmp_path), release)
    assert told is not None
    assert (told.sent, told.failed) == (3, ())
    shown = capfd.readouterr()
    assert SECRET not in shown.out + shown.err + caplog.text


def test_one_channel_that_works_is_enough(
    alert_server: AlertServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "channels"
    file.write_text(f"# of the office\nno-such-service://{SECRET}\n\n{alert_server.url}\n", "utf-8")
    monkeypatch.delenv(alerts.URLS_VARIABLE)
    monkeypatch.setenv(alerts.FILE_VARIABLE, str(file))
    causes = [alerts.Alert("x", (Issue("alert_test"),))]
    assert alerts.send_new_alerts(Paths(tmp_path), "release", causes) == alerts.DeliveryResult(1, (1,))
    assert alerts.send_new_alerts(Paths(tmp_path), "release", causes) == alerts.DeliveryResult(0, ())


@pytest.mark.parametrize("channel", ["wecombot://abcdefgh1234", "dingtalk://abcdefgh1234", "feishu://abcdefgh1234"])
def test_the_channels_of_offices_are_understood(channel: str) -> None:
    import apprise

    assert apprise.Apprise.instantiate(channel) is not None


def test_without_channels_nothing_happens(release: Release, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(alerts.URLS_VARIABLE, raising=False)
    monkeypatch.delenv(alerts.FILE_VARIABLE, raising=False)
    assert alerts.alert_after_run(Paths(tmp_path), release) is None
    assert list(tmp_path.iterdir()) == []


def test_a_run_is_not_ended_by_alerts_that_cannot_be_sent_at_all(
    release: Release, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(alerts.FILE_VARIABLE, str(tmp_path / "gone"))
    assert alerts.alert_after_run(Paths(tmp_path), release) is None


def test_where_a_blocked_candidate_is_goes_along_with_the_cause(alert_server: AlertServer, tmp_path: Path) -> None:
    failed = [Issue("check_failed", f"planted {n}", "This never holds", "scorecards.city_scores") for n in range(9)]
    error = DataError([*failed, Issue("candidate_quarantined", "9")])
    assert alerts.alert_after_failure(Paths(tmp_path), error) == alerts.DeliveryResult(1, ())
    assert "This never holds" in alert_server.messages[0]["message"]
    assert "(and 4 more)" in alert_server.messages[0]["message"]
    assert "gancheng candidate" in alert_server.messages[0]["message"]


def test_a_reminder_is_sent_on_each_day_that_the_settings_name(release: Release, tmp_path: Path) -> None:
    def reminders(today: date) -> list[str]:
        found = alerts.release_alerts(release, today, ReminderSettings(days=(14, 3)))
        return [alert.cause for alert in found if alert.cause.startswith("due ")]

    assert reminders(date(2026, 3, 16)) == []
    assert reminders(date(2026, 3, 17)) == reminders(date(2026, 3, 27)) == ["due sheet 2025 14"]
    assert reminders(date(2026, 3, 28)) == reminders(date(2026, 3, 31)) == ["due sheet 2025 3"]
    assert reminders(date(2026, 4, 1)) == []


def test_a_sender_gets_a_digest_of_its_files(tmp_path: Path) -> None:
    with candidate() as connection:
        connection.execute(
            "update intake.files set file = 'sheet/甲市/a.xlsx', status = 'read', rows_read = 5, rows_accepted = 3, "
            "rows_rejected = 2"
        )
        connection.execute("delete from intake.file_arrivals")
        connection.execute(
            "insert into intake.file_arrivals by name select dataset, file_sha256, 1 as arrival, file, "
            "timestamp '2026-03-01' as received_at, true as is_last from intake.files"
        )
        release = tables_release_of(connection, tmp_path)
    digests = [alert for alert in alerts.release_alerts(release, TODAY) if alert.cause.startswith("digest ")]
    assert [alert.issues[0].actual for alert in digests] == ["甲市"]
    assert digests[0].issues[0].expected == "1 / 5 / 3 / 2 / 0"
    quiet = alerts.release_alerts(release, TODAY, ReminderSettings(digests=False))
    assert not [alert for alert in quiet if alert.cause.startswith("digest ")]


def test_what_was_sent_in_part_is_named_before_its_day_and_once_after(tmp_path: Path) -> None:
    with candidate() as connection:
        connection.execute("insert into intake.datasets values ('sheet', '表', 'Sheet', '03-31', 2025)")
        connection.execute("delete from quality.freshness")
        connection.execute(
            "insert into quality.freshness by name select 'sheet' as dataset, 'A' as city_code, 2025 as last_year, "
            "'partly_sent' as delivery, date '2026-03-31' as last_due_date"
        )
        release = tables_release_of(connection, tmp_path / "data")
    days = [date(2026, 1, 1), date(2026, 3, 25), date(2026, 3, 26), date(2026, 4, 1), date(2026, 5, 1)]
    causes = [{each.cause for each in alerts.release_alerts(release, day)} for day in days]
    partly = [{cause for cause in each if cause.startswith("partly")} for each in causes]
    assert partly == [set(), {"partly sheet 2025 14"}, {"partly sheet 2025 14"}, *[{"partly sheet 2025 -1"}] * 2]
