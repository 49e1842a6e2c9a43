"""`releases/current` as copying leaves it: a folder, a file with the name, a link to itself, nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from assets.core.errors import UsageError
from assets.core.paths import Paths
from assets.release.publish.current import find_current_folder, repair_current
from assets.release.publish.retention import list_releases, prune_releases, verify_release
from assets.release.read.reader import find_current_release, list_release_ids
from pipelines.cli.doctor import check_current_release


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
