"""What earlier versions wrote under other names is read under the present ones."""

import json
from datetime import UTC, datetime

from assets.intake.receipts.receipts import Receipt
from assets.quality.approvals import ApprovedFlag
from assets.release.publish.manifest import InputFile

FILE = {"dataset": "parks", "file": "a.csv", "status": "read"}


def test_a_receipt_of_lake_version_1_keeps_its_counts_and_refusals() -> None:
    refusal = {"code": "unsupported_file_type", "found": ".doc", "expected": "CSV, XLSX", "line": None}
    receipt = Receipt(
        **FILE, file_sha256="0" * 64, bytes=1, recipe="r", received_at=datetime(2026, 11, 1, tzinfo=UTC), rows_read=3
    )  # type: ignore[arg-type]
    written = receipt.model_dump(mode="json", exclude={"rows_aggregate"}) | {"rows_set_aside": 3, "refusals": [refusal]}
    read = Receipt.model_validate_json(json.dumps(written))
    assert read.rows_aggregate == 3
    assert (read.issues[0].actual, read.issues[0].expected) == (".doc", "CSV, XLSX")
    assert Receipt.model_validate_json(read.model_dump_json()) == read


def test_a_manifest_of_an_earlier_release_is_read() -> None:
    counts = {"rows_read": 3, "rows_accepted": 2, "rows_set_aside": 1, "rows_rejected": 0}
    assert InputFile.model_validate({**FILE, "sha256": "0" * 64, **counts}).rows_aggregate == 1


def test_an_approval_under_the_earlier_name_of_its_detector_is_of_the_same_flag() -> None:
    flag = {"indicator_id": "parks.area", "city_code": "1", "year": 2020, "scope": "all", "value": 1.5}
    names = ("shifted_block", "row_shift", "misplaced_block")
    assert len({ApprovedFlag.model_validate({"detector": name, **flag}).flag_id for name in names}) == 1
