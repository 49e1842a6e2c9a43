"""What would become of a file, found out before it is sent: taken in as a run would do it, in a place of its own.

Here: one file in, what a run would say of it out, and which dataset its headers fit. Nothing of the data directory is
written. Not here: how files are read (assets.intake.receipts.receipts and below), what is printed (pipelines.cli.app).
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from assets.core.errors import Issue, UsageError
from assets.core.i18n import Language
from assets.core.paths import Paths
from assets.core.settings import Limits
from assets.intake.receipts.receipts import IngestJob, Receipt, reject_files, utc_now
from assets.intake.tables.contracts import Contract
from assets.intake.values.lookups import read_lookups
from assets.warehouse.connection import Connection, connect_in_memory, quote_literal

_TOLD = (
    *("sheet", "line", "column_name", "code", "actual", "expected"),
    *("reason_zh", "reason_en", "remedy_zh", "remedy_en", "raw_row"),
)


@dataclass(frozen=True, slots=True)
class RowError:
    """One thing that would be rejected, and why; a fault of the whole file has no row."""

    sheet: str | None
    line: int | None
    column_name: str | None
    code: str
    actual: str
    expected: str
    reason_zh: str
    reason_en: str
    remedy_zh: str
    remedy_en: str
    raw_row: str | None

    def reason(self, language: Language) -> str:
        return self.reason_zh if language == "zh" else self.reason_en

    def remedy(self, language: Language) -> str:
        return self.remedy_zh if language == "zh" else self.remedy_en

    def where(self, language: Language) -> str:
        return Issue(self.code, sheet=self.sheet, line=self.line, column=self.column_name).where(language)


@dataclass(frozen=True, slots=True)
class DryRunResult:
    """What a run would make of one file: read = accepted + set aside + rejected."""

    file: str
    dataset: str | None
    status: str
    rows_read: int
    rows_accepted: int
    rows_aggregate: int
    rows_rejected: int
    faults: tuple[RowError, ...]

    @property
    def is_clean(self) -> bool:
        return self.status == "read" and not self.faults


def check_file(
    file: Path, contracts: Mapping[str, Contract], registry: Connection, dataset: str | None, limits: Limits
) -> DryRunResult:
    """Take a file in aside, as the dataset that is named, or as the one whose headers it has.

    `registry` holds the reference tables. Raises WrongCall where there is no such file or dataset, or where the headers
    fit several.
    """
    if dataset is not None and dataset not in contracts:
        raise UsageError(Issue("unknown_dataset", dataset, ", ".join(contracts)))
    if not file.is_symlink() and not file.is_file():
        raise UsageError(Issue("missing_file", str(file)))
    asked = [contracts[dataset]] if dataset is not None else list(contracts.values())
    # It lies on the sender's own disk, where nobody else is writing it.
    settled = limits.model_copy(update={"still_written_seconds": 0.0})
    checked = [_as_dataset(file, contract, registry, settled) for contract in asked]
    read = [one for one in checked if one.status == "read"]
    if len(read) > 1:
        raise UsageError(Issue("ambiguous_dataset", str(file), ", ".join(str(one.dataset) for one in read)))
    return read[0] if read else _nearest(checked)


def _nearest(checked: Sequence[DryRunResult]) -> DryRunResult:
    """Of the datasets that all refuse a file, the one with the fewest faults to mend; none where it is all one."""
    nearest = min(checked, key=lambda one: len(one.faults))
    is_all_one = len(checked) > 1 and all(one.faults == nearest.faults for one in checked)
    return replace(nearest, dataset=None) if is_all_one else nearest


def _as_dataset(file: Path, contract: Contract, registry: Connection, limits: Limits) -> DryRunResult:
    with tempfile.TemporaryDirectory(prefix="gancheng-check-") as folder, connect_in_memory() as work:
        paths = Paths(Path(folder))
        inbox = paths.inbox / contract.dataset
        inbox.mkdir(parents=True)
        shutil.copyfile(file, inbox / file.name, follow_symlinks=False)
        work.execute(f"set temp_directory = {quote_literal(Path(folder) / 'spill')}")
        intake = IngestJob(paths, contract, work, read_lookups(registry, contract), limits)
        receipts = intake.take_in(utc_now())
        if not receipts:
            return _checked(file, None, contract, (_of_file(Issue("file_ignored", file.name)),))
        (receipt,) = receipts
        return _checked(file, receipt, contract, _faults(intake, receipt))


def _faults(intake: IngestJob, receipt: Receipt) -> tuple[RowError, ...]:
    if receipt.status == "refused":
        return tuple(_of_file(issue) for issue in receipt.issues)
    faults: list[RowError] = []
    for _, rejects in reject_files(intake.folder, [receipt]):
        rows = intake.connection.execute(
            f"select {', '.join(_TOLD)} from read_parquet({quote_literal(rejects)}) order by sheet nulls first, line, "
            "error_number"
        )
        faults += [RowError(*row) for row in rows.fetchall()]
    return tuple(faults)


def _of_file(issue: Issue) -> RowError:
    texts = (issue.reason("zh"), issue.reason("en"), issue.remedy("zh"), issue.remedy("en"))
    return RowError(issue.sheet, issue.line, issue.column, issue.code, issue.actual, issue.expected, *texts, None)


def _checked(file: Path, receipt: Receipt | None, contract: Contract, faults: tuple[RowError, ...]) -> DryRunResult:
    if receipt is None:
        return DryRunResult(str(file), contract.dataset, "refused", 0, 0, 0, 0, faults)
    counts = (receipt.rows_read, receipt.rows_accepted, receipt.rows_aggregate, receipt.rows_rejected)
    return DryRunResult(str(file), contract.dataset, receipt.status, *counts, faults)
