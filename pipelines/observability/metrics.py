"""Metrics of runs and of the current release, in the text format of Prometheus.

What belongs here: what is measured, read from the run log, the release and the blocked candidate, and writing it to a
file. What does not: state of its own. node_exporter collects the file as another user, so it has a folder of its own
that everybody may read; it holds counts and times only.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from assets.core.files import write_atomically
from assets.core.paths import Paths
from assets.release.publish import quarantine
from assets.release.read.reader import Release, find_current_release
from pipelines.observability.overdue import find_overdue
from pipelines.observability.run_log import ENDS, FINISHED, REFRESH, RELEASE, LogRecord, RunLog

NAME = "gancheng.prom"
_OPEN_FOLDER, _OPEN_FILE = 0o755, 0o644
_OUTCOMES = ("read", "accepted", "aggregate", "rejected")
_FAILED_CHECKS = "from quality.check_results where not is_passed"


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of a metric; all samples of a metric have the same labels."""

    metric: str
    value: float
    labels: dict[str, str]


ABOUT = {
    "run_end_timestamp_seconds": "When a run of this job last ended in this way",
    "run_duration_seconds": "How long the last run of this job took that ended well",
    "step_duration_seconds": "How long each step of that run took",
    "release_timestamp_seconds": "When the current release was made",
    "release_info": "Which release is current",
    "rows": "Rows of the files of the current release, by what became of them",
    "checks_failing": "Checks that fail in the current release, or in the candidate that the last run left blocked",
    "figures_overdue": "Cities whose figures are overdue today",
}


def write_metrics(paths: Paths) -> Path:
    """Replace the file of metrics, and return it."""
    from prometheus_client import CollectorRegistry, Gauge, generate_latest

    registry, gauges = CollectorRegistry(), dict[str, Gauge]()
    for sample in collect_samples(paths, date.today()):
        metric = sample.metric
        if metric not in gauges:
            gauges[metric] = Gauge(f"gancheng_{metric}", ABOUT[metric], list(sample.labels), registry=registry)
        gauge = gauges[metric]
        (gauge.labels(**sample.labels) if sample.labels else gauge).set(sample.value)
    if not paths.metrics.is_dir():
        paths.metrics.mkdir()
        paths.metrics.chmod(_OPEN_FOLDER)
    write_atomically(paths.metrics / NAME, generate_latest(registry), mode=_OPEN_FILE)
    return paths.metrics / NAME


def collect_samples(paths: Paths, today: date) -> Iterator[Sample]:
    """Yield all samples as of this day. No label is named `job`, which Prometheus sets itself."""
    run_log = RunLog(paths)
    # In the order of their times, which the clock may have set back.
    records = (record for record in run_log.read(*ENDS) if record.get("event") in ENDS and "job" in record)
    ends = sorted(records, key=lambda record: str(record.get("at")))
    yield from _run_samples(ends)
    release = find_current_release(paths)
    if release is not None:
        with release.connect():
            yield from _release_samples(release, today)
            yield from _check_samples(paths, release, ends)


def _run_samples(ends: list[LogRecord]) -> Iterator[Sample]:
    last_ends = {(record["job"], record["event"]): record for record in ends}
    for (job, outcome), record in last_ends.items():
        ended_at = datetime.fromisoformat(record["at"]).timestamp()
        yield Sample("run_end_timestamp_seconds", ended_at, {"job_name": job, "outcome": outcome})
    # A run with nothing to do has no id.
    finished = {record["job"]: record for record in ends if record["event"] == FINISHED and record.get("run_id")}
    for job, record in finished.items():
        yield Sample("run_duration_seconds", record["seconds"], {"job_name": job})
        for step in record.get("steps", ()):
            labels = {"job_name": job, "stage": step["step"].split("__")[0], "step": step["step"]}
            yield Sample("step_duration_seconds", step["seconds"], labels)


def _release_samples(release: Release, today: date) -> Iterator[Sample]:
    manifest = release.manifest
    info = {name: str(getattr(manifest, name)) for name in ("release_id", "content_digest", "method_version")}
    yield Sample("release_info", 1, info)
    yield Sample("release_timestamp_seconds", manifest.run.released_at.timestamp(), {})
    rows: dict[tuple[str, str], int] = defaultdict(int)
    for file in manifest.inputs:
        for outcome in _OUTCOMES:
            rows[file.dataset, outcome] += getattr(file, f"rows_{outcome}")
    for (dataset, outcome), count in rows.items():
        yield Sample("rows", count, {"dataset": dataset, "outcome": outcome})
    overdue = Counter({dataset: 0 for dataset, _ in rows})
    for row in find_overdue(release, today):
        overdue[row["dataset"]] += row["cities"]
    for dataset, cities in overdue.items():
        yield Sample("figures_overdue", cities, {"dataset": dataset})


def _check_samples(paths: Paths, release: Release, ends: list[LogRecord]) -> Iterator[Sample]:
    blocked = quarantine.load_blocked(paths)
    # A blocked candidate counts until a later run ends, even one with nothing to do, which makes no release.
    last_runs = [record.get("run_id") for record in ends if record["job"] in (REFRESH, RELEASE)][-1:]
    is_last = blocked is not None and last_runs == [blocked.run_id]
    failed = blocked.rows(_FAILED_CHECKS) if blocked is not None and is_last else release.rows(_FAILED_CHECKS)
    for severity, is_blocking in (("blocking", True), ("warning", False)):
        count = sum(row["is_blocking"] == is_blocking for row in failed)
        yield Sample("checks_failing", count, {"severity": severity})
