"""settings.yml: its defaults, what is allowed, and the files that it replaced."""

from __future__ import annotations

from pathlib import Path

import pytest

from assets.core.errors import DataError
from assets.core.paths import PROJECT_ROOT, Paths
from assets.core.settings import JobSchedule, Limits, ScheduleSettings, Settings, read_settings


def settings(folder: Path, text: str) -> Settings:
    Paths(folder).settings.write_text(text, "utf-8")
    return read_settings(Paths(folder))


def test_without_settings_the_defaults_hold(tmp_path: Path) -> None:
    assert read_settings(Paths(tmp_path)) == Settings() == settings(tmp_path, "# nothing\n")
    assert read_settings(Paths(PROJECT_ROOT / "data")) == Settings()


def test_the_shipped_file_shows_every_default(tmp_path: Path) -> None:
    shipped = (PROJECT_ROOT / "data" / "settings.yml").read_text("utf-8")
    read = settings(tmp_path, shipped.replace("#   ", "  "))
    assert read == Settings()
    assert all(
        getattr(read, section).model_fields_set == set(type(getattr(read, section)).model_fields)
        for section in Settings.model_fields
    )


def test_a_setting_that_is_left_out_has_its_default(tmp_path: Path) -> None:
    text = "schedules: {nightly: {is_on: false}, inbox: {still_seconds: 5}, time_zone: Europe/Berlin}\n"
    read = settings(tmp_path, f"{text}limits: {{columns: 7}}\nengine:\n").schedules
    assert (read.nightly.is_on, read.nightly.cron, read.monthly.is_on) == (False, "30 1 * * *", True)
    assert (read.inbox.still_seconds, read.inbox.every_seconds, read.time_zone) == (5, 30, "Europe/Berlin")
    assert (read.monthly.cron, read.monthly.job) == ("0 3 1 * *", "release")
    monthly = settings(tmp_path, "schedules: {monthly: {is_on: false}}").schedules.monthly
    assert (monthly.is_on, monthly.cron, monthly.job) == (False, "0 3 1 * *", "release")
    assert settings(tmp_path, "limits: {columns: 7}\nengine:\n") == Settings(limits=Limits(columns=7))
    assert ScheduleSettings().pruning.keep_run_days == 30


@pytest.mark.parametrize(
    ("text", "key", "allowed"),
    [
        ("schedules: {nightly: {cron: every night}}", "schedules.nightly.cron", "five fields of numbers"),
        ("schedules: {nightly: {cron: '61 1 * * *'}}", "schedules.nightly.cron", "five fields of numbers"),
        ("schedules: {nightly: {job: prune}}", "schedules.nightly.job", "'refresh', 'intake' or 'release'"),
        ("schedules: {nihgtly: {}}", "schedules.nihgtly", "time_zone, inbox, nightly, monthly, pruning"),
        ("schedules: {time_zone: Asia/Nanchang}", "schedules.time_zone", "IANA"),
        ("schedules: {pruning: {keep_releases: 0}}", "schedules.pruning.keep_releases", "greater than or equal to 1"),
        ("limits: {columns: 0}", "limits.columns", "greater than or equal to 1"),
        ("limits: {still_written_seconds: .inf}", "limits.still_written_seconds", "less than or equal to 3600"),
        ("queries: {seconds: 999999999999999999999}", "queries.seconds", "less than or equal to 86400"),
        ("schedules: {nightly: {cron: '0 0 30 2 *'}}", "schedules.nightly.cron", "a day that one of its months has"),
        ("schedules: {pruning: {cron: '0 0 31 4,6-6 *'}}", "schedules.pruning.cron", "a day that one of its months"),
        ("limit: {columns: 7}", "limit", "limits, schedules, queries, web_page, engine, storage"),
        (
            "engine: {name: duckdb, spark: {exchange: /x, remote: y, z: 1}}",
            "engine.spark.z",
            "exchange, seen_as, remote",
        ),
        ("storage: {store: 's3://key:secret@bucket/x'}", "storage.store", "credentials belong in the environment"),
        ("schedules: [\n", "line 2", "YAML"),
        ("limits: {columns: 1, columns: 2}", "duplicate key: columns", "YAML"),
        ("- inbox", "settings.yml", "valid dictionary"),
    ],
)
def test_a_wrong_setting_is_named_with_file_key_and_what_is_allowed(
    tmp_path: Path, text: str, key: str, allowed: str
) -> None:
    with pytest.raises(DataError) as caught:
        settings(tmp_path, text)
    (issue,) = caught.value.issues
    assert (issue.code, issue.file) == ("invalid_settings", "settings.yml")
    assert key in f"{issue.where('en')}: {issue.reason('en')}"
    assert allowed in issue.remedy("en")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "cron", ["0 0 29 2 *", "0 0 31 11-2 *", "0 0 */31 2 *", "*/5 0-3/2 1,31 * 1-5", "0 0 31 */2 *"]
)
def test_a_time_that_comes_is_accepted(cron: str) -> None:
    assert JobSchedule(cron=cron).cron == cron


def test_every_number_has_a_lowest_and_a_highest_value() -> None:
    sections = Settings.model_json_schema()["$defs"]
    numbers = [
        (section, name, part)
        for section, schema in sections.items()
        for name, field in schema["properties"].items()
        for part in (field, field.get("items", {}), *field.get("anyOf", ()))
        if part.get("type") in ("integer", "number")
    ]
    assert len(numbers) > 15
    assert [number for number in numbers if not {"minimum", "maximum"} <= set(number[2])] == []


@pytest.mark.parametrize(
    ("name", "section"),
    [("limits.yml", "limits"), ("operations.yml", "schedules"), ("engine.yml", "engine"), ("storage.yml", "storage")],
)
def test_a_file_of_an_earlier_version_is_refused_with_its_section(tmp_path: Path, name: str, section: str) -> None:
    (tmp_path / name).write_text("# nothing\n", "utf-8")
    with pytest.raises(DataError) as caught:
        settings(tmp_path, "limits: {columns: 7}")
    (issue,) = caught.value.issues
    assert (issue.code, issue.file, issue.expected) == ("former_settings_file", name, section)
    assert f"section {section} of settings.yml" in issue.remedy("en")
