"""Files of a synthetic dataset of job fairs, as the tests of archive, ledger and receipts send them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from assets.intake.ingest import IngestJob
from assets.intake.receipts.receipts import Receipt

NOW = datetime(2026, 2, 5, tzinfo=UTC)
HEADER = "city,date,posts,source_id,source_grade\n"


def send(intake: IngestJob, name: str, text: str) -> Path:
    file = intake.paths.inbox / "fairs" / name
    file.write_text(text, "utf-8")
    return file


def counts(receipts: list[Receipt]) -> list[tuple[str, str, int, int]]:
    return [(r.file, r.status, r.rows_accepted, r.rows_rejected) for r in receipts]
