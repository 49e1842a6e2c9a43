"""The proof of a release: from its scores back to the bytes that arrived, for `gancheng verify --deep`.

Here: the originals and receipts that the manifest names, reading the originals again, and recomputing every figure and
score from them. Not here: the files of the release against the manifest (assets.release.publish.retention).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from assets.core.errors import DataError, Issue
from assets.core.paths import Paths
from assets.core.settings import read_settings
from assets.intake.file_parser import FileParser
from assets.intake.gap_rows import read_gaps
from assets.intake.load import FILE_SHA256, select_rows
from assets.intake.readers.encoding import FileRejectedError
from assets.intake.receipts.archive import is_archived_intact
from assets.intake.receipts.receipts import Receipt, read_receipts
from assets.intake.tables.contracts import Contract
from assets.intake.values.lookups import read_lookups
from assets.observations.corrections import read_corrections, write_entries
from assets.release.explain.recompute import (
    ReleaseModels,
    attach_release,
    create_table_views,
    create_view,
    rebuild_figures,
)
from assets.release.publish.fingerprint import describe_written_files
from assets.release.publish.manifest import Manifest, read_manifest
from assets.release.read.reader import Release
from assets.warehouse.connection import Connection, connect_in_memory, quote_identifier
from pipelines.project import Project, load_project

# Tables that models read and no release has.
_RULES, _GAPS = "observations.correction_rules", "intake.gaps"


@dataclass
class Proof:
    """What was proven of a release.

    Attributes:
        release_id: the release.
        root: the root of its manifest.
        originals: files whose archived bytes have the sha256 of the manifest.
        receipts: files whose receipts are those of the manifest.
        rows: rows that the originals give again.
        tables: tables of figures and scores that were computed again with the same rows.
        figures: their rows.
        as_published: tables that no SQL model makes, which were taken as they are published.
        issues: everything that differs.
    """

    release_id: str
    root: str | None
    originals: int = 0
    receipts: int = 0
    rows: int = 0
    tables: int = 0
    figures: int = 0
    as_published: tuple[str, ...] = ()
    issues: list[Issue] = field(default_factory=list)


def prove_release(paths: Paths, release: Release) -> Proof:
    """Read the originals of a release again, recompute everything from them, and compare it with what it published.

    Contracts, corrections and settings are those of the data directory; where one was changed since the release, the
    proof names it.
    """
    manifest, project = release.manifest, load_project(paths)
    proof = Proof(manifest.release_id, manifest.root)
    proof.issues += [*_check_written(paths, manifest), *_check_previous(paths, manifest)]
    _check_inputs(paths, manifest, proof)
    if proof.issues:
        return proof
    with connect_in_memory() as connection, tempfile.TemporaryDirectory() as work:
        snapshot = attach_release(connection, release.database, "published")
        create_table_views(connection, snapshot.selects)
        for contract in project.contracts.values():
            _read_again(connection, paths, contract, manifest, Path(work))
            _compare(connection, contract.table_name, snapshot, proof)
        proof.rows, proof.tables, proof.figures = proof.figures, 0, 0
        _recompute(connection, project, snapshot, proof)
    return proof


def _check_written(paths: Paths, manifest: Manifest) -> Iterator[Issue]:
    """Yield the written inputs that are not those of the release; manifests of earlier versions list none."""
    present = {file.path: file.sha256 for file in describe_written_files(paths)}
    recorded = {file.path: file.sha256 for file in manifest.written}
    for path in sorted(present.keys() | recorded.keys()) if recorded else ():
        if present.get(path) != recorded.get(path):
            yield Issue("input_changed_since_release", manifest.release_id, file=path)


def _check_previous(paths: Paths, manifest: Manifest) -> Iterator[Issue]:
    previous = read_manifest(paths.releases / (manifest.previous_release_id or manifest.release_id))
    if manifest.previous_root is not None and previous is not None and previous.root != manifest.previous_root:
        yield Issue("release_digest_mismatch", file=f"{previous.release_id}/MANIFEST.json")


def _check_inputs(paths: Paths, manifest: Manifest, proof: Proof) -> None:
    """Compare the received files of the manifest with archive and receipts."""
    receipts: dict[tuple[str, str], Receipt] = {}
    for dataset in sorted({file.dataset for file in manifest.inputs}):
        try:
            present = read_receipts(paths.lake / dataset)
        except DataError as error:
            proof.issues += error.issues
            continue
        receipts |= {(dataset, receipt.file_sha256): receipt for receipt in present}
    for file in manifest.inputs:
        receipt = receipts.get((file.dataset, file.sha256))
        if receipt is None:
            if file.status == "read" or (paths.lake / file.dataset).is_dir():
                proof.issues.append(Issue("missing_receipt", file.sha256, file=file.file))
            continue
        if receipt.checksum == file.receipt_sha256:
            proof.receipts += 1
        elif file.receipt_sha256 is not None:  # manifests of earlier versions have none
            name = f"lake/{file.dataset}/{receipt.stem}.json"
            proof.issues.append(Issue("input_changed_since_release", manifest.release_id, file=name))
        archived = paths.archived(file.sha256)
        if is_archived_intact(archived):
            proof.originals += 1
        elif file.status == "read" or receipt.unarchived_refusal is None:
            code = "archived_file_changed" if archived.exists() else "missing_archived_file"
            proof.issues.append(Issue(code, file.sha256, file=file.file))


def _read_again(connection: Connection, paths: Paths, contract: Contract, manifest: Manifest, work: Path) -> None:
    """Replace the table of a dataset by the rows that its originals give now."""
    lookups, files = read_lookups(connection, contract), []
    with connect_in_memory() as scratch:
        parser = FileParser(scratch, contract, lookups, read_settings(paths).limits)
        for file in manifest.inputs:
            if file.dataset != contract.dataset or file.status != "read":
                continue
            folder = work / contract.dataset / file.sha256  # the parser writes other files beside its rows
            folder.mkdir(parents=True)
            accepted = folder / f"{file.sha256}.parquet"
            try:
                parser.parse(paths.archived(file.sha256), file.file, accepted, folder / "rejects.parquet")
            except FileRejectedError:
                continue  # its rows are then missing
            files.append(accepted)
    table, target = contract.table(), f"rebuilt.{quote_identifier(contract.table_name)}"
    connection.execute("create schema if not exists rebuilt")
    columns = ", ".join(
        f"{FILE_SHA256} as file_sha256" if name == "file_sha256" else quote_identifier(name) for name in table.columns
    )
    rows = f"select {columns} from {select_rows(files)}" if files else f"from {contract.table_name} where false"
    connection.execute(f"create table {target} as {rows}")
    create_view(connection, contract.table_name, f"from {target}")


def _recompute(connection: Connection, project: Project, snapshot: ReleaseModels, proof: Proof) -> None:
    """Recompute observations and scores, and compare those that are published."""
    rules = project.tables[_RULES]
    connection.execute("create schema if not exists observations")
    write_entries(connection, rules, read_corrections(project.paths.corrections))
    gaps = (gap for dataset in project.contracts for gap in read_gaps(connection, dataset))
    project.tables[_GAPS].load_rows(connection, gaps)
    failed = rebuild_figures(connection, snapshot)
    proof.issues += [Issue("model_not_recomputed", file=name) for name in failed if name in snapshot.selects]
    made = {model.name for model in snapshot.models if model.name not in failed}
    published = [name for name in snapshot.selects if name.startswith(("observations.", "scorecards.", "quality."))]
    for name in published:
        if name in made and not name.startswith("quality."):
            _compare(connection, name, snapshot, proof)
    proof.as_published = tuple(sorted(name for name in published if name not in made or name.startswith("quality.")))


def _compare(connection: Connection, name: str, snapshot: ReleaseModels, proof: Proof) -> None:
    """Compare a table that was made again with the published one, row by row."""
    published = snapshot.selects[name]
    columns = ", ".join(quote_identifier(row[0]) for row in connection.execute(f"describe {published}").fetchall())
    rebuilt = f"select {columns} from rebuilt.{quote_identifier(name)}"
    sql = f"""
        select
            (select count(*) from ({published})),
            (select count(*) from ({published} except all {rebuilt})),
            (select count(*) from ({rebuilt} except all {published}))
    """
    rows, missing, added = connection.execute(sql).fetchall()[0]
    if missing or added:
        proof.issues.append(Issue("table_not_reproduced", f"{missing} / {added}", file=name))
    else:
        proof.tables, proof.figures = proof.tables + 1, proof.figures + rows
