"""The catalogue of messages and the labels: complete, in two languages, with the same placeholders, in plain words."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest

from assets.core.i18n import Bilingual, label, labels
from assets.core.messages import Message, all_messages, get_message, read_messages
from assets.core.settings import EngineSettings, Settings, StorageSettings
from tests.builders.world import tables

PLACEHOLDERS = {"{actual}", "{expected}"}
HAN = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff]")
QUOTED = re.compile(r"“[^”]*”")

FORBIDDEN = (
    r"told|untold|anew|whoever|nobody|says?|said|mend(?:s|ed)?|ours|aside|at once|takes? (?:it |them )?away|takes? out|"
    r"stands?|lets us|make room|is ill|"
    r"somebody|older make"
)
CODE_IN_CHINESE = re.compile(
    r"gancheng \w+( --?\w+( [\w=]+)?)?( (\"[^\"]*\"|'[^']*'))?"  # a command
    r"|(make|systemctl) [\w ]+"
    r"|--?[a-z]+( \w+\.\w+)?"
    r"|GANCHENG_[A-Z_]+|SIGTERM|chmod"
    r"|[\w.]*/[\w./]*|\w+\.(csv|yml)"  # a path
)
PRODUCTS_AND_UNITS = {
    *("CSV", "Excel", "WPS", "Office", "Parquet", "UTF", "GB18030", "xlsx", "MB", "SQL", "Word", "docx"),
    *("Dagster", "Spark", "Connect", "fsspec", "S3"),
}
COLUMNS = {"city_code", "dataset", "file_sha256", "line", "lower", "upper", "range_low", "range_high", "tolerance"}
SETTINGS = {"engine", "duckdb", "seen_as", "queries", "megabytes", "seconds"}
NAMES_IN_CHINESE = {*PRODUCTS_AND_UNITS, *COLUMNS, *SETTINGS, "archive", "current", "previous", "as"}
# A, B and C are grades of sources, returns is a folder of a release, index and zh are arguments of commands.
NAMES_IN_LABELS = {"UTC", "JSON", "pid", "sha256", "A", "B", "C", "returns", "index", "zh"}
COMMAND_LINES_ALONE = "command_examples"

MESSAGES = sorted(all_messages().items())
each_message = pytest.mark.parametrize(("code", "message"), MESSAGES, ids=[code for code, _ in MESSAGES])


def placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"\{[^}]*\}", text))


def latin_words(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z][A-Za-z0-9_]*", CODE_IN_CHINESE.sub("", re.sub(r"\{[^}]*\}", "", text))))


@each_message
def test_a_message_is_complete_in_both_languages(code: str, message: Message) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z0-9]+)+", code)
    for text in (*message.reason, *message.full_remedy):
        assert text == text.strip() != ""
        assert "\n" not in text
        assert not text.endswith((".", "。"))
        assert "{" not in re.sub("|".join(PLACEHOLDERS), "", text)
    assert HAN.search(message.reason.zh)
    assert HAN.search(message.remedy.zh)


@each_message
def test_both_languages_have_the_same_placeholders(code: str, message: Message) -> None:
    for text in (message.reason, message.full_remedy):
        assert placeholders(text.zh) == placeholders(text.en)
        assert set(placeholders(text.en)) <= PLACEHOLDERS


@each_message
def test_a_suggestion_names_what_is_expected_and_the_remedy_does_without(code: str, message: Message) -> None:
    if message.suggestion is not None:
        assert all("{expected}" in text for text in message.suggestion)
        assert not any("{expected}" in text for text in message.remedy)


@each_message
def test_english_texts_are_plain_english(code: str, message: Message) -> None:
    for text in (message.reason.en, message.full_remedy.en):
        assert re.findall(rf"\b({FORBIDDEN})\b", text, re.IGNORECASE) == []
        assert not HAN.search(QUOTED.sub("", text))


@each_message
def test_chinese_texts_have_no_latin_words_but_codes_and_names(code: str, message: Message) -> None:
    assert latin_words(message.reason.zh + " " + message.full_remedy.zh) - NAMES_IN_CHINESE == set()


def test_names_in_chinese_texts_are_those_of_columns_and_settings_and_each_is_used() -> None:
    assert {column for table in tables().values() for column in table.columns} >= COLUMNS
    written = Settings(engine=EngineSettings(), storage=StorageSettings()).model_dump_json()
    assert set(re.findall(r"\w+", written)) >= SETTINGS
    assert (
        set().union(*(latin_words(text.zh) for _, message in MESSAGES for text in (message.reason, message.remedy)))
        >= NAMES_IN_CHINESE
    )


@pytest.mark.parametrize("word", ["doubled", "repeated", "no_such", "lost", "late", "told", "broken", "wrong"])
def test_a_code_uses_the_one_word_for_a_thing(word: str) -> None:
    assert [code for code, _ in MESSAGES if f"_{word}_" in f"_{code}_"] == []


@pytest.mark.parametrize("word", ["unknown", "missing", "duplicate", "ambiguous", "invalid", "unsupported"])
def test_a_code_begins_with_the_kind_of_problem(word: str) -> None:
    assert [code for code, _ in MESSAGES if word in code and not code.startswith(f"{word}_")] == []


def test_an_unknown_code_is_an_error_with_the_code() -> None:
    with pytest.raises(KeyError, match="no_such_code"):
        get_message("no_such_code")


def test_a_message_is_found_by_its_code() -> None:
    assert get_message("unknown_place").reason == Bilingual("无法识别地名“{actual}”", "Unknown place “{actual}”")
    assert get_message("unknown_place").reason.select("zh") == "无法识别地名“{actual}”"
    assert get_message("unknown_place").reason.select("en") == "Unknown place “{actual}”"


ONE = "city_far:\n  reason: {zh: 甲, en: a}\n  remedy: {zh: 乙, en: b}\n"


@pytest.mark.parametrize("names", [("a.yml", "b.yml"), ("a.yml", "a.yml")])
def test_a_duplicate_code_is_an_error_with_the_code(tmp_path: Path, names: tuple[str, str]) -> None:
    for name in names:
        with (tmp_path / name).open("a", encoding="utf-8") as file:
            file.write(ONE)
    with pytest.raises(ValueError, match=r"[ab]\.yml.*duplicate .*city_far"):
        read_messages(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "city_far:\n  reason: {zh: 甲, en: a}\n",
        "city_far:\n  reason: {zh: 甲}\n  remedy: {zh: 乙, en: b}\n",
        "city_far:\n  reason: 甲\n  remedy: {zh: 乙, en: b}\n",
        "city_far: 甲\n",
        ONE + "  hint: {zh: 丙, en: c}\n",
    ],
)
def test_an_incomplete_message_is_an_error_with_the_code(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yml").write_text(text, "utf-8")
    with pytest.raises(ValueError, match=r"a\.yml: city_far needs"):
        read_messages(tmp_path)


@pytest.mark.parametrize("text", ["", "- city_far\n", "city_far: [a]\n"])
def test_a_file_without_mappings_is_refused_by_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yml").write_text(text, "utf-8")
    with pytest.raises(ValueError, match=r"a\.yml"):
        read_messages(tmp_path)


def test_files_that_are_no_texts_are_ignored(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(ONE, "utf-8")
    (tmp_path / "notes.txt").write_text("city_far", "utf-8")
    assert read_messages(tmp_path) == {"city_far": Message(Bilingual("甲", "a"), Bilingual("乙", "b"))}


# --- labels -----------------------------------------------------------------------------------------------------

GROUPS = re.findall(r"^(\w+):", (files("assets.core") / "labels.yml").read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("group", GROUPS)
def test_labels_are_complete_in_both_languages(group: str) -> None:
    assert labels(group)
    for key, text in labels(group).items():
        assert text.zh.strip(), key
        assert text.en.strip(), key
        assert placeholders(text.zh) == placeholders(text.en), key
        assert not HAN.search(text.en), key
        assert re.findall(rf"\b({FORBIDDEN})\b", text.en, re.IGNORECASE) == [], key
        code = re.sub(r"`[^`]*`|intake\.files", "", text.zh)
        if text.zh != text.en and group != COMMAND_LINES_ALONE:
            assert latin_words(code) - NAMES_IN_CHINESE - NAMES_IN_LABELS == set(), key


@pytest.mark.parametrize(
    ("group", "key", "chinese", "english"),
    [
        ("statuses", "on_track", "按期推进", "on track"),
        ("operators", ">=", "≥", "≥"),
        ("operators", "=", "=", "="),
        ("target_authorities", "none", "无目标", "no target"),
        ("directions", -1, "越低越好", "lower is better"),
        ("trace", "source", "来源", "Source"),
    ],
)
def test_a_label_is_found_by_group_and_key(group: str, key: object, chinese: str, english: str) -> None:
    assert (label(group, key, "zh"), label(group, key, "en")) == (chinese, english)


def test_an_unknown_label_is_an_error() -> None:
    with pytest.raises(KeyError, match="no_such_group"):
        label("no_such_group", "on_track", "en")
    with pytest.raises(KeyError, match="no_such_key"):
        label("statuses", "no_such_key", "en")
