"""Several machines and one shared store, in a folder: what one took in all have, the first receipt counts."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from assets.core.data_dir_version import LAKE_VERSION
from assets.core.errors import DataError, UsageError
from assets.core.object_store import ObjectStore, open_store
from assets.core.paths import Paths
from assets.core.settings import Limits, StorageSettings
from assets.core.sync_state import has_remote_changes, sync_state_digest
from assets.intake.assets import ingest_dataset
from assets.intake.ingest import IngestJob
from assets.intake.receipts.receipts import Receipt, accepted_files, read_receipts, reject_files
from assets.intake.receipts.sync import SyncedReceipt, receipt_name
from tests.builders.fairs import HEADER, NOW, counts, send
from tests.helpers.damage import flip

ROW = "甲市,2026-02-05,3,book,A\n"
STORE_MODULES = ("assets.intake.receipts.sync", "assets.core.sync_state")
LATER = NOW + timedelta(days=1)

Machine = Callable[[str], IngestJob]


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    folder = tmp_path / "shared"
    folder.mkdir()
    return folder


@pytest.fixture
def machine(intake: IngestJob, tmp_path: Path, shared: Path) -> Machine:
    """A machine by its name: a data directory of its own, which shares the store."""

    def create(name: str) -> IngestJob:
        paths = Paths(tmp_path / name)
        (paths.inbox / "fairs").mkdir(parents=True, exist_ok=True)
        paths.settings.write_text(f"storage: {{store: {shared}}}\n", "utf-8")
        return dataclasses.replace(intake, paths=paths)

    return create


def objects(shared: Path) -> list[str]:
    return sorted(file.relative_to(shared).as_posix() for file in shared.rglob("*") if file.is_file())


def one_object(shared: Path, pattern: str) -> Path:
    (file,) = shared.glob(pattern)
    return file


def contents(intake: IngestJob, receipts: list[Receipt]) -> list[tuple[int, int]]:
    """Accepted rows and rows that were rejected, by file; and every original is in the archive."""
    folder = intake.folder
    assert all(intake.paths.archived(receipt.file_sha256).is_file() for receipt in receipts)
    accepted = [pq.read_table(file).num_rows for _, file in accepted_files(folder, receipts)]
    return list(zip(accepted, (pq.read_table(f).num_rows for _, f in reject_files(folder, receipts)), strict=True))


def test_without_a_setting_the_code_of_the_store_is_not_imported(
    intake: IngestJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in STORE_MODULES:
        monkeypatch.setitem(sys.modules, module, None)
    send(intake, "a.csv", HEADER + ROW)
    assert counts(ingest_dataset(intake, NOW)) == [("fairs/a.csv", "read", 1, 0)]
    intake.paths.settings.write_text("storage: {store: null}\n", "utf-8")
    assert counts(ingest_dataset(intake, NOW)) == [("fairs/a.csv", "read", 1, 0)]
    (intake.paths.data / "shared").mkdir()
    intake.paths.settings.write_text(f"storage: {{store: {intake.paths.data / 'shared'}}}\n", "utf-8")
    with pytest.raises(ModuleNotFoundError, match="sync"):
        ingest_dataset(intake, NOW)


def test_without_a_setting_nothing_is_shared(intake: IngestJob) -> None:
    send(intake, "a.csv", HEADER + ROW)
    assert open_store(intake.paths) is None
    assert counts(ingest_dataset(intake, NOW)) == [("fairs/a.csv", "read", 1, 0)]
    assert not (intake.paths.state / "shared").exists()


def test_what_one_machine_took_in_all_have(machine: Machine) -> None:
    one, other, empty = machine("one"), machine("other"), machine("empty")
    send(one, "a.csv", HEADER + ROW + "丙市,2026-02-05,3,book,A\n")
    (other.paths.inbox / "fairs" / "bad.xlsx").write_bytes(b"PK\x03\x04broken")
    ingest_dataset(one, NOW)
    both = ingest_dataset(other, LATER)
    assert counts(both) == [("fairs/a.csv", "read", 1, 1), ("fairs/bad.xlsx", "refused", 0, 0)]
    assert ingest_dataset(one, LATER) == ingest_dataset(empty, LATER) == both
    assert contents(empty, both) == [(1, 1)]
    assert [file.name for place in (one, other, empty) for file in place.paths.data.rglob(".*")] == []


def test_the_store_holds_bytes_results_and_receipts_and_its_version(machine: Machine, shared: Path) -> None:
    one = machine("one")
    send(one, "a.csv", HEADER + ROW)
    (receipt,) = ingest_dataset(one, NOW)
    sha256, stem = receipt.file_sha256, receipt.stem
    kept = SyncedReceipt.from_bytes((shared / "receipts" / "fairs" / f"{stem}.json").read_bytes())
    assert kept is not None
    assert (kept.receipt, kept.results) == (receipt.model_copy(update={"results": {}}), receipt.results)
    assert objects(shared) == [
        "VERSION",
        f"archive/{sha256[:2]}/{sha256}",
        f"receipts/fairs/{stem}.json",
        *(
            f"results/fairs/{receipt.recipe}/{kind}/file_sha256={sha256}/checksum={kept.results[suffix]}/part.parquet"
            for kind, suffix in (("rejects", "rejects.parquet"), ("rows", "parquet"))
        ),
    ]


def test_of_two_machines_with_one_file_the_first_receipt_counts(machine: Machine) -> None:
    """Each had it before they shared: one arrival, and one name, for all."""
    one, other = machine("one"), machine("other")
    for place, name, moment in ((one, "a.csv", LATER), (other, "b.csv", NOW)):
        send(place, name, HEADER + ROW)
        place.ingest(moment)
    first = ingest_dataset(one, LATER)
    assert [(receipt.file, receipt.received_at) for receipt in first] == [("fairs/a.csv", LATER)]
    assert ingest_dataset(other, LATER) == first
    assert read_receipts(other.folder) == first


def test_what_another_machine_put_while_files_were_taken_in_is_taken_over(machine: Machine) -> None:
    one, other = machine("one"), machine("other")
    send(one, "a.csv", HEADER + ROW)
    send(other, "b.csv", HEADER + ROW)

    @dataclasses.dataclass(frozen=True)
    class Slow(IngestJob):
        """A machine that the other one overtakes."""

        def ingest(self, now: object, *, from_inbox: bool = True) -> list[Receipt]:
            taken = super().ingest(NOW, from_inbox=from_inbox)
            if from_inbox:
                overtaking.extend(ingest_dataset(other, LATER))
            return taken

    overtaking: list[Receipt] = []
    slow = Slow(*(getattr(one, field.name) for field in dataclasses.fields(one)))
    assert ingest_dataset(slow, NOW) == overtaking
    assert [(receipt.file, receipt.received_at) for receipt in overtaking] == [("fairs/b.csv", LATER)]


def test_nothing_that_is_here_is_fetched_again(machine: Machine, shared: Path) -> None:
    one, other = machine("one"), machine("other")
    send(one, "a.csv", HEADER + ROW)
    receipts = ingest_dataset(one, NOW)
    ingest_dataset(other, NOW)
    for name in objects(shared):
        if not name.startswith(("receipts", "VERSION")):
            (shared / name).unlink()
    before = [file.stat().st_mtime_ns for file in sorted(other.paths.data.rglob("fairs/*"))]
    assert ingest_dataset(other, LATER) == receipts
    assert [file.stat().st_mtime_ns for file in sorted(other.paths.data.rglob("fairs/*"))] == before


def test_results_and_originals_that_are_lost_here_are_fetched_again(machine: Machine) -> None:
    one, other = machine("one"), machine("other")
    send(one, "a.csv", HEADER + ROW)
    receipts = ingest_dataset(one, NOW)
    ingest_dataset(other, NOW)
    other.paths.archived(receipts[0].file_sha256).unlink()
    for file in other.folder.glob("*.parquet"):
        file.unlink()
    assert ingest_dataset(other, LATER) == receipts
    assert contents(other, receipts) == [(1, 0)]


def test_another_recipe_reads_again_and_keeps_the_time_of_arrival(machine: Machine) -> None:
    one, other = machine("one"), machine("other")
    send(one, "a.csv", HEADER + ROW)
    ingest_dataset(one, NOW)
    strict = one.contract.columns["posts"].model_copy(update={"min": 10})
    contract = one.contract.model_copy(update={"columns": {**one.contract.columns, "posts": strict}})
    other = dataclasses.replace(other, contract=contract)
    (again,) = ingest_dataset(other, LATER)
    assert (counts([again]), again.received_at) == ([("fairs/a.csv", "read", 0, 1)], NOW)
    assert ingest_dataset(dataclasses.replace(one, contract=contract), LATER) == [again]
    (back,) = ingest_dataset(one, LATER)
    assert counts([back]) == [("fairs/a.csv", "read", 1, 0)]


def test_an_original_that_is_lost_here_is_fetched_to_be_read_by_another_recipe(machine: Machine) -> None:
    one = machine("one")
    send(one, "a.csv", HEADER + ROW)
    (receipt,) = ingest_dataset(one, NOW)
    one.paths.archived(receipt.file_sha256).unlink()
    (one.paths.inbox / "fairs" / "a.csv").unlink()
    (again,) = ingest_dataset(dataclasses.replace(one, limits=Limits(still_written_seconds=0, columns=99)), LATER)
    assert (again.recipe != receipt.recipe, again.received_at) == (True, NOW)


def test_refused_for_its_name_a_file_is_read_under_a_better_one_everywhere(machine: Machine) -> None:
    one, other = machine("one"), machine("other")
    send(one, "a.pdf", HEADER + ROW)
    assert counts(ingest_dataset(one, NOW)) == counts(ingest_dataset(other, NOW)) == [("fairs/a.pdf", "refused", 0, 0)]
    send(other, "a.csv", HEADER + ROW)
    renamed = ingest_dataset(other, LATER)
    assert counts(renamed) == [("fairs/a.csv", "read", 1, 0)]
    assert ingest_dataset(one, LATER) == renamed
    assert ingest_dataset(machine("empty"), LATER) == renamed


def test_a_link_is_refused_everywhere_and_has_no_bytes(machine: Machine) -> None:
    one = machine("one")
    (one.paths.inbox / "fairs" / "a.csv").symlink_to("/etc/hostname")
    (receipt,) = ingest_dataset(one, NOW)
    assert receipt.issues[0].code == "file_is_link"
    assert ingest_dataset(machine("other"), LATER) == [receipt]


# --- what is damaged --------------------------------------------------------------------------------------------


def cut(file: Path) -> None:
    content = file.read_bytes()
    file.chmod(0o644)
    file.write_bytes(content[:-3])


@pytest.mark.parametrize("spoil", [flip, cut, Path.unlink])
@pytest.mark.parametrize("pattern", ["archive/*/*", "results/fairs/*/rows/*/*/*", "results/fairs/*/rejects/*/*/*"])
def test_a_damaged_object_is_reported_not_read_and_put_again_by_a_machine_that_has_it(
    machine: Machine, shared: Path, pattern: str, spoil: Callable[[Path], None]
) -> None:
    one, other = machine("one"), machine("other")
    send(one, "a.csv", HEADER + ROW)
    receipts = ingest_dataset(one, NOW)
    damaged = one_object(shared, pattern)
    spoil(damaged)
    with pytest.raises(DataError) as stopped:
        ingest_dataset(other, LATER)
    (issue,) = stopped.value.issues
    assert (issue.code, issue.actual) == ("shared_store_damaged", damaged.relative_to(shared).as_posix())
    assert list(other.folder.iterdir()) == []
    for name in (issue.actual, issue.expected):
        (shared / name).unlink(missing_ok=True)
    assert ingest_dataset(one, LATER) == ingest_dataset(other, LATER) == receipts


@pytest.mark.parametrize("spoil", [flip, cut])
def test_a_damaged_receipt_is_reported_and_not_read(
    machine: Machine, shared: Path, spoil: Callable[[Path], None]
) -> None:
    one = machine("one")
    send(one, "a.csv", HEADER + ROW)
    ingest_dataset(one, NOW)
    spoil(one_object(shared, "receipts/fairs/*.json"))
    with pytest.raises(DataError) as stopped:
        ingest_dataset(machine("other"), LATER)
    assert [issue.code for issue in stopped.value.issues] == ["shared_store_damaged"]


def test_a_receipt_under_the_name_of_another_is_damaged(machine: Machine, shared: Path) -> None:
    one = machine("one")
    send(one, "a.csv", HEADER + ROW)
    ingest_dataset(one, NOW)
    receipt = one_object(shared, "receipts/fairs/*.json")
    receipt.rename(receipt.with_name("0" * 64 + receipt.name[64:]))
    with pytest.raises(DataError, match="missing or damaged"):
        ingest_dataset(machine("other"), LATER)


@pytest.mark.parametrize("results", [{"../../x": "0" * 64}, {"parquet": "../../x"}])
def test_a_receipt_reaches_no_file_beside_its_results(machine: Machine, shared: Path, results: dict[str, str]) -> None:
    one = machine("one")
    send(one, "a.csv", HEADER + ROW)
    ingest_dataset(one, NOW)
    file = one_object(shared, "receipts/fairs/*.json")
    kept = SyncedReceipt.from_bytes(file.read_bytes())
    assert kept is not None
    file.write_bytes(kept.model_copy(update={"results": results}).to_bytes())
    with pytest.raises(DataError, match="missing or damaged"):
        ingest_dataset(machine("other"), LATER)


def test_what_is_no_receipt_of_ours_is_left_alone(machine: Machine, shared: Path) -> None:
    (shared / "receipts" / "fairs").mkdir(parents=True)
    (shared / "receipts" / "fairs" / "notes.json").write_text("x", "utf-8")
    (shared / "receipts" / "parks").mkdir()
    (shared / "receipts" / "parks" / "a.json").write_text("x", "utf-8")
    assert ingest_dataset(machine("one"), NOW) == []
    assert "VERSION" not in objects(shared), "nothing was put"


def test_a_half_object_of_a_storage_that_puts_piece_by_piece_is_put_again(tmp_path: Path) -> None:
    (tmp_path / "whole").write_bytes(b"whole")
    (tmp_path / "settings.yml").write_text("storage: {store: memory://half}\n", "utf-8")
    store = open_store(Paths(tmp_path))
    assert store is not None
    store.files.pipe_file("/half/archive/x", b"wh")
    store.put_content("archive/x", tmp_path / "whole")
    assert store.read("archive/x") == b"whole"


def test_an_original_that_is_gone_here_is_not_put_as_if_it_were_there(machine: Machine, shared: Path) -> None:
    one = machine("one")
    send(one, "a.csv", HEADER + ROW)
    (receipt,) = one.ingest(NOW)
    one.paths.archived(receipt.file_sha256).unlink()
    (one.paths.inbox / "fairs" / "a.csv").unlink()
    with pytest.raises(DataError) as stopped:
        ingest_dataset(one, NOW)
    assert [issue.code for issue in stopped.value.issues] == ["missing_archived_file"]
    assert objects(shared) == ["VERSION"]


# --- a store that cannot be used --------------------------------------------------------------------------------


def refused(paths: Paths) -> str:
    with pytest.raises(UsageError) as call:
        open_store(paths)
    assert "Traceback" not in str(call.value)
    return call.value.issue.code


def test_a_store_of_an_earlier_version_gets_the_version_of_what_is_put_into_it(machine: Machine, shared: Path) -> None:
    (shared / "VERSION").write_text(f"{LAKE_VERSION - 1}\n", "ascii")
    one = machine("one")
    send(one, "a.csv", HEADER + ROW)
    ingest_dataset(one, NOW)
    assert (shared / "VERSION").read_text("ascii") == f"{LAKE_VERSION}\n"


@pytest.mark.parametrize(
    ("version", "code"), [(f"{LAKE_VERSION + 1}\n", "newer_data_version"), ("one\n", "invalid_version")]
)
def test_a_store_of_another_version_is_refused_and_left_as_it_is(
    machine: Machine, shared: Path, version: str, code: str
) -> None:
    one = machine("one")
    send(one, "a.csv", HEADER + ROW)
    (shared / "VERSION").write_text(version, "ascii")
    with pytest.raises(UsageError) as call:
        ingest_dataset(one, NOW)
    assert call.value.issue.code == code
    assert objects(shared) == ["VERSION"]
    assert not one.folder.exists()


def test_a_folder_that_is_not_mounted_is_not_made(machine: Machine, shared: Path) -> None:
    one = machine("one")
    shared.rmdir()
    assert refused(one.paths) == "shared_store_unreachable"
    assert not shared.exists()


def test_a_store_that_is_suddenly_empty_is_not_filled_again(machine: Machine, shared: Path) -> None:
    one = machine("one")
    send(one, "a.csv", HEADER + ROW)
    ingest_dataset(one, NOW)
    shared.rename(shared.with_name("unmounted"))
    shared.mkdir()
    with pytest.raises(UsageError, match="0 / 1"):
        ingest_dataset(one, NOW)
    assert objects(shared) == []


def test_a_store_without_its_package_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "settings.yml").write_text("storage: {store: gs://bucket/x}\n", "utf-8")
    assert refused(Paths(tmp_path)) == "shared_store_not_installed"
    (tmp_path / "settings.yml").write_text("storage: {store: nowhere://bucket/x}\n", "utf-8")
    assert refused(Paths(tmp_path)) == "shared_store_not_installed"


@pytest.mark.parametrize("text", ["store: 's3://key:secret@bucket/x'", "store: [a]", "shop: /x", "store: ]"])
def test_a_setting_that_cannot_be_is_reported_without_a_secret(tmp_path: Path, text: str) -> None:
    (tmp_path / "settings.yml").write_text(f"storage: {{{text}}}\n", "utf-8")
    with pytest.raises(DataError) as stopped:
        open_store(Paths(tmp_path))
    assert [issue.code for issue in stopped.value.issues] == ["invalid_settings"]
    assert "secret" not in str(stopped.value)


def test_a_fault_of_ours_is_none_of_the_store(tmp_path: Path) -> None:
    (tmp_path / "settings.yml").write_text("storage: {store: memory://x}\n", "utf-8")
    store = open_store(Paths(tmp_path))
    assert isinstance(store, ObjectStore)
    with pytest.raises(TypeError):
        store.read(None + "x")  # type: ignore[operator]


def test_the_setting_is_off_by_default() -> None:
    assert StorageSettings() == StorageSettings(store=None, seen_as=None)


# --- what is new ------------------------------------------------------------------------------------------------


def test_news_is_what_others_put_since(machine: Machine) -> None:
    one, other = machine("one"), machine("other")
    for place, name in ((one, "a.csv"), (other, "b.csv")):
        send(place, name, HEADER + ROW + f"乙市,2026-02-05,{len(name)},book,A\n" * (place is other))
    ingest_dataset(one, NOW)
    seen = sync_state_digest(one.paths)
    assert not has_remote_changes(one.paths, seen)
    ingest_dataset(other, NOW)
    assert has_remote_changes(one.paths, seen)
    ingest_dataset(one, NOW)
    assert sync_state_digest(one.paths) == sync_state_digest(other.paths) != seen
    assert not has_remote_changes(one.paths, sync_state_digest(one.paths))


def test_a_name_in_the_store_says_content_recipe_and_whether_its_kind_is_read(machine: Machine) -> None:
    one = machine("one")
    send(one, "a.pdf", "x")
    send(one, "b.csv", HEADER)
    names = {receipt.file: receipt_name(receipt).removeprefix(receipt.stem) for receipt in ingest_dataset(one, NOW)}
    assert names == {"fairs/a.pdf": ".kind_unknown.json", "fairs/b.csv": ".json"}
