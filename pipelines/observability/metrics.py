"""Metrics of the runs and of the current release, as the text that Prometheus reads.

Here: what is measured, all of it read from the journal, the release and the blocked candidate, and writing it to a
file that appears as a whole. Not here: bookkeeping of any kind. `node_exporter` collects the file, as a user of its
own: it lies in a folder of its own, open to everybody, because the state is closed. It holds counts and times.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from assets.core.paths import Paths
from assets.release.publish import quarantine
from assets.release.read.reader import Release, find_current_release
from pipelines.observability.overdue import find_overdue
from pipelines.observability.run_log import ENDS, FINISHED, LogRecord, RunLog
from pipelines.schedule_settings import REFRESH, RELEASE

NAME = "gancheng.prom"
_OPEN_FOLDER, _OPEN_FILE = 0o755, 0o644
_OUTCOMES = ("read", "accepted", "set_aside", "rejected")
_CHECKS = "from quality.check_results where not is_passed"


@dataclass(frozen=True, slots=True)
class Sample:
    """One figure of a metric; the labels of one metric are the same in all of its samples."""

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
    """Write the file anew; whoever reads it finds the old one or the new one."""
    from prometheus_client import CollectorRegistry, Gauge, generate_latest

    by_metric: dict[str, list[Sample]] = defaultdict(list)
    for sample in collect_samples(paths, date.today()):
        by_metric[sample.metric].append(sample)
    registry = CollectorRegistry()
    for metric, samples in by_metric.items():
        names = list(samples[0].labels)
        gauge = Gauge(f"gancheng_{metric}", ABOUT[metric], names, registry=registry)
        for sample in samples:
            (gauge.labels(**sample.labels) if names else gauge).set(sample.value)
    if not paths.metrics.is_dir():
        paths.metrics.mkdir()
        paths.metrics.chmod(_OPEN_FOLDER)
    temporary = paths.metrics / f".{NAME}.{os.getpid()}"
    temporary.write_bytes(generate_latest(registry))
    temporary.chmod(_OPEN_FILE)
    return temporary.replace(paths.metrics / NAME)


def collect_samples(paths: Paths, today: date) -> Iterator[Sample]:
    """Everything that is measured, as of this day. No label is `job`: so Prometheus itself calls what it asks."""
    yield from _of_runs(RunLog(paths))
    release = find_current_release(paths)
    if release is not None:
        with release.connect():
            yield from _of_release(release, today)
            yield from _of_checks(paths, release)


def _of_runs(journal: RunLog) -> Iterator[Sample]:
    last: dict[tuple[str, str], LogRecord] = {}
    whole: dict[str, LogRecord] = {}
    for line in _ends(journal):
        last[line["job"], line["event"]] = line
        if line["event"] == FINISHED and line.get("run_id"):
            whole[line["job"]] = line
    for (job, outcome), line in last.items():
        moment = datetime.fromisoformat(line["at"]).timestamp()
        yield Sample("run_end_timestamp_seconds", moment, {"job_name": job, "outcome": outcome})
    for job, line in whole.items():
        yield Sample("run_duration_seconds", line["seconds"], {"job_name": job})
        for step in (of_run for of_run in journal.read(line["run_id"]) if of_run.get("event") == "step"):
            labels = {"job_name": job, "stage": step["step"].split("__")[0], "step": step["step"]}
            yield Sample("step_duration_seconds", step["seconds"], labels)


def _ends(journal: RunLog) -> list[LogRecord]:
    """The lines with which runs ended, in the order in which they did."""
    ends = [line for line in journal.read(*ENDS) if line.get("event") in ENDS and "job" in line]
    return sorted(ends, key=lambda line: str(line.get("at")))


def _last_run(journal: RunLog) -> str | None:
    """The last run that came to a release or did not, by its id; None also where it had nothing to do."""
    runs = [line.get("run_id") for line in _ends(journal) if line["job"] in (REFRESH, RELEASE)]
    return runs[-1] if runs else None


def _of_release(release: Release, today: date) -> Iterator[Sample]:
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
    overdue = {dataset: 0 for dataset, _ in rows}
    for row in find_overdue(release, today):
        overdue[row["dataset"]] = overdue.get(row["dataset"], 0) + row["cities"]
    for dataset, cities in overdue.items():
        yield Sample("figures_overdue", cities, {"dataset": dataset})


def _of_checks(paths: Paths, release: Release) -> Iterator[Sample]:
    blocked = quarantine.load_blocked(paths)
    # What was mended so that nothing is left to do makes no new release, and blocks no more.
    is_last = blocked is not None and blocked.run_id == _last_run(RunLog(paths))
    failing = blocked.rows(_CHECKS) if blocked is not None and is_last else release.rows(_CHECKS)
    for severity, is_blocking in (("blocking", True), ("warning", False)):
        count = sum(row["is_blocking"] == is_blocking for row in failing)
        yield Sample("checks_failing", count, {"severity": severity})
