"""`releases/current` as copying leaves it: a folder, a file with the name, a link to itself, nothing."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from pathlib import Path

import pytest
from typer.testing import CliRunner

from assets.core.errors import UsageError
from assets.core.paths import DATA_DIR_VARIABLE, Paths
from assets.release.publish.current import find_current_folder, repair_current
from assets.release.publish.release_index import write_index
from assets.release.publish.retention import list_releases, prune_releases, verify_release
from assets.release.read.reader import find_current_release, list_release_ids
from pipelines.cli.app import app
from pipelines.cli.doctor import check_current_release
from pipelines.cli.options import INTERRUPTED, line


@pytest.fixture
def copied(three: Path, tmp_path: Path) -> Paths:
    """A copy that followed links: `current` is a folder, beside the release of the same content."""
    shutil.copytree(three, tmp_path / "data", symlinks=False)
    return Paths(tmp_path / "data")


def current_codes(paths: Paths) -> list[str]:
    return [issue.code for issue in check_current_release(paths)]


def test_a_copied_folder_is_read_as_its_release_and_made_a_link_again(copied: Paths, three: Path) -> None:
    current_id = Paths(three).current_release.readlink().name
    release = find_current_release(copied)
    assert release is not None
    assert (release.folder.name, list_release_ids(copied)) == (current_id, list_release_ids(Paths(three)))
    assert [entry.is_current for entry in list_releases(copied)] == [True, False, False]
    assert (verify_release(copied, "current").issues, current_codes(copied)) == ((), ["current_is_folder"])
    assert current_id in prune_releases(copied, 1).kept
    repair_current(copied)
    assert copied.current_release.readlink().name == current_id
    assert list(copied.releases.glob(".*")) == []
    assert current_codes(copied) == []


@pytest.mark.parametrize("other", ["missing", "damaged"])
def test_a_copied_folder_takes_the_place_of_a_release_that_is_lost(copied: Paths, other: str) -> None:
    release = find_current_release(copied)
    assert release is not None
    if other == "missing":
        shutil.rmtree(release.folder)
        assert find_current_folder(copied) == copied.current_release
    else:
        (release.folder / "CHANGES.md").write_text("other", "utf-8")
    repair_current(copied)
    assert copied.current_release.readlink().name == release.manifest.release_id
    assert verify_release(copied, "current").issues == ()


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize("step", [1, 2, 3])
@pytest.mark.parametrize("other", ["intact", "missing", "damaged"])
def test_killed_at_any_rename_of_a_repair_the_release_is_kept_and_current_after_the_next(
    copied: Paths, monkeypatch: pytest.MonkeyPatch, other: str, step: int
) -> None:
    release = find_current_release(copied)
    assert release is not None
    if other == "missing":
        shutil.rmtree(release.folder)
    if other == "damaged":
        (release.folder / "CHANGES.md").write_text("other", "utf-8")
    left, rename = step, Path.replace

    def replace(self: Path, target: Path) -> Path:
        nonlocal left
        left -= 1
        if left == 0:
            raise Killed
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    with suppress(Killed):
        repair_current(copied)
    monkeypatch.undo()
    prune_releases(copied, 0)
    repair_current(copied)
    found = find_current_release(copied)
    assert found is not None
    assert found.manifest == release.manifest
    assert verify_release(copied, "current").issues == ()


def test_a_pointer_that_was_not_put_in_place_is_followed_where_it_names_a_release(copied: Paths) -> None:
    shutil.rmtree(copied.current_release)
    release_id = list_release_ids(copied)[0]
    for name, target in (("a", release_id), ("b", "nowhere"), ("c", ".")):
        (copied.releases / f".current-{name}").symlink_to(target)
    repair_current(copied)
    assert copied.current_release.readlink().name == release_id


@pytest.mark.parametrize("keep", [0, 1])
def test_where_none_is_current_the_newest_release_is_kept(copied: Paths, keep: int) -> None:
    shutil.rmtree(copied.current_release)
    newest = list_release_ids(copied)[-1]
    assert prune_releases(copied, keep).kept == (newest,)


@pytest.mark.parametrize("form", ["folder", "file", "missing"])
def test_the_index_names_the_current_release_in_whatever_form_it_is_named(copied: Paths, form: str) -> None:
    release_id = list_release_ids(copied)[-1]
    if form != "folder":
        shutil.rmtree(copied.current_release)
    if form == "file":
        copied.current_release.write_text(f"{release_id}\n", "utf-8")
    write_index(copied)
    index = json.loads((copied.releases / "index.json").read_text("utf-8"))
    assert index["current"] == (None if form == "missing" else release_id)


@pytest.mark.parametrize(("is_switched", "key"), [(False, "interrupted_run"), (True, "interrupted")])
def test_an_interrupted_run_says_whether_another_release_is_current_also_where_a_file_names_it(
    copied: Paths, monkeypatch: pytest.MonkeyPatch, is_switched: bool, key: str
) -> None:
    shutil.rmtree(copied.current_release)
    first, second, _ = list_release_ids(copied)
    copied.current_release.write_text(first, "utf-8")

    def interrupt(*_: object) -> None:
        if is_switched:
            copied.current_release.write_text(second, "utf-8")
        raise KeyboardInterrupt

    monkeypatch.setattr("pipelines.runner.run_if_changed", interrupt)
    monkeypatch.setenv(DATA_DIR_VARIABLE, str(copied.data))
    result = CliRunner().invoke(app, ["run", "--lang", "en"])
    assert (result.exit_code, result.stderr.strip()) == (INTERRUPTED, line(key, "en"))


@pytest.mark.parametrize("name", ["MANIFEST.json", "CHANGES.md"])
def test_a_copied_folder_that_is_no_complete_release_is_named_and_left_alone(copied: Paths, name: str) -> None:
    (copied.current_release / name).unlink()
    before = sorted(copied.releases.rglob("*"))
    with pytest.raises(UsageError) as refused:
        repair_current(copied)
    assert refused.value.issue.code == "current_is_folder"
    assert sorted(copied.releases.rglob("*")) == before


def test_a_file_with_the_name_is_read_as_a_link_is(copied: Paths) -> None:
    release_id = list_release_ids(copied)[-1]
    shutil.rmtree(copied.current_release)
    copied.current_release.write_text(f"{release_id}\n", "utf-8")
    release = find_current_release(copied)
    assert release is not None
    assert (release.manifest.release_id, current_codes(copied)) == (release_id, [])


@pytest.mark.parametrize("content", [b"", b"..", b"\xff\xfe", b"current", b"x" * 5000, None])
def test_a_pointer_without_a_name_is_no_release_and_no_error(copied: Paths, content: bytes | None) -> None:
    shutil.rmtree(copied.current_release)
    if content is None:
        copied.current_release.symlink_to("current")
    else:
        copied.current_release.write_bytes(content)
    assert find_current_release(copied) is None
    assert current_codes(copied) == ["no_release"]
