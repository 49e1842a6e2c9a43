"""Alerts: what a person must know of a run without asking, one message for each cause, over the configured channels.

Here: which causes there are, that each is told once while it lasts, and sending. Not here: when
(pipelines.orchestration.run_context, pipelines.observability.run_outcomes) and the texts (assets.core.errors). Where
no channel is configured nothing happens. The address of a channel holds its secret: it comes from the environment
alone, and is neither logged nor told.
"""

from __future__ import annotations

import json
import logging
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

from assets.core.data_dir_version import ensure_state_dir
from assets.core.errors import DataError, Issue, UsageError
from assets.core.i18n import Language
from assets.core.paths import Paths
from assets.release.read.reader import Release
from assets.release.read.scorecards import find_quarantined_blocks
from pipelines.locks import alert_lock
from pipelines.observability.overdue import find_overdue
from pipelines.observability.run_log import LogRecord
from pipelines.observability.system_errors import classify_system_error

URLS_VARIABLE, FILE_VARIABLE = "GANCHENG_ALERT_URLS", "GANCHENG_ALERT_URLS_FILE"
# Of a cause with many findings a message shows the first; of many causes the rest is told after the next run.
_MOST_FINDINGS, _MOST_ALERTS = 5, 20
_WHERE_TO_LOOK = "candidate_quarantined "
_TITLE = 60  # letters of a reason in a title
_LANGUAGES: tuple[Language, ...] = ("zh", "en")

Scope = Literal["release", "failure", "killed"]


@dataclass(frozen=True, slots=True)
class Alert:
    """One message. `cause` stays the same as long as there is nothing new to tell; `looks` say where to look."""

    cause: str
    issues: tuple[Issue, ...]
    looks: tuple[Issue, ...] = ()

    @property
    def title(self) -> str:
        reasons = (self.issues[0].reason(language) for language in _LANGUAGES)
        return f"[赣城 Gancheng] {' / '.join(_one_line(_cut(reason)) for reason in reasons)}"

    @property
    def body(self) -> str:
        """Every finding with its place and remedy, in Chinese, then in English."""
        lines = []
        for language in _LANGUAGES:
            for issue in (*self.issues[:_MOST_FINDINGS], *self.looks):
                where = issue.where(language)
                lines.append(_one_line(f"{where}: {issue.reason(language)}" if where else issue.reason(language)))
                lines.append(_one_line(f"  → {issue.remedy(language)}"))
            more = len(self.issues) - _MOST_FINDINGS
            if more > 0:
                lines.append(f"（另有 {more} 处）" if language == "zh" else f"(and {more} more)")
            lines.append("")
        return "\n".join(lines).rstrip()


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """How many messages went out, and which channels failed, by their place in the list."""

    sent: int
    failed: tuple[int, ...]


def alert_after_run(paths: Paths, release: Release) -> DeliveryResult | None:
    """Tell what the current release has to tell, each cause once. Never raises; None where nothing is configured."""
    return _after(paths, "release", lambda: release_alerts(release, date.today()))


def alert_after_failure(paths: Paths, *errors: Exception) -> DeliveryResult | None:
    """Tell why a run could not go on, once for as long as it is the same. Never raises."""
    return _after(paths, "failure", lambda: [alert for error in errors for alert in failure_alerts(error)])


def alert_after_kills(paths: Paths, killed: Sequence[LogRecord]) -> DeliveryResult | None:
    """Tell of runs that were killed, from their lines in the journal, each once. Never raises."""
    return _after(paths, "killed", lambda: [kill_alert(line) for line in killed])


def send_new_alerts(paths: Paths, scope: Scope, alerts: Sequence[Alert]) -> DeliveryResult:
    """Send those that were not told yet, and remember them. A success ends what failures were told of."""
    with _alone(paths):
        told = _told(paths)
        known = told.pop(scope, [])
        new = [alert for alert in alerts if alert.cause not in known][:_MOST_ALERTS]
        delivered, failed = _send(new)
        standing = [alert.cause for alert in alerts if alert.cause in known or alert.cause in delivered]
        if scope == "release":
            told.pop("failure", None)
        _remember(paths, told | {scope: standing})
    return DeliveryResult(len(delivered), failed)


def send_test_alert() -> DeliveryResult:
    """Send one message to every channel. Raises WrongCall where there is none, or one that cannot be understood."""
    delivered, failed = _send([Alert("test", (Issue("alert_test"),))])
    return DeliveryResult(len(delivered), failed)


def release_alerts(release: Release, today: date) -> list[Alert]:
    """Files that were refused or lost rows, figures that are held back, and what is overdue."""
    return [*_of_files(release), *_of_held(release), *_of_late(release, today)]


def failure_alerts(error: Exception) -> list[Alert]:
    """Why a run could not go on: what is wrong with the data, the machine or ourselves."""
    if isinstance(error, DataError):
        issues = error.issues
    elif isinstance(error, UsageError):
        # Another run tells for itself.
        issues = () if error.issue.code == "run_in_progress" else (error.issue,)
    else:
        # The text of an error of ours may hold anything, so that only its kind is told.
        issues = (classify_system_error(error) or Issue("internal_error", type(error).__name__),)
    by_cause: dict[str, list[Issue]] = defaultdict(list)
    for issue in issues:
        by_cause[f"{issue.code} {issue.file}"].append(issue)
    # Where to look is no cause of its own: it goes along with each.
    looks = [issue for name in list(by_cause) if name.startswith(_WHERE_TO_LOOK) for issue in by_cause.pop(name)]
    return [Alert(_cause(name, of_it), tuple(of_it), tuple(looks)) for name, of_it in by_cause.items()]


def kill_alert(line: LogRecord) -> Alert:
    """A run that began and never said how it ended."""
    return Alert(
        f"killed {line.get('run_id')}", (Issue("run_terminated", f"{line.get('job')}, {line.get('began_at')}"),)
    )


def read_channels() -> list[str]:
    """The addresses that the environment names, or the file that it names: one a line, `#` begins a comment."""
    text = os.environ.get(URLS_VARIABLE, "")
    file = os.environ.get(FILE_VARIABLE)
    if file:
        try:
            text += "\n" + Path(file).expanduser().read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(Issue("alert_file_unreadable", FILE_VARIABLE)) from error
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    return [url for line in lines for url in line.split()]


def is_configured() -> bool:
    return bool(os.environ.get(URLS_VARIABLE) or os.environ.get(FILE_VARIABLE))


def _of_files(release: Release) -> list[Alert]:
    files = release.rows(
        "from intake.files where status = 'refused' or rows_rejected > 0 order by dataset, file, file_sha256"
    )
    # One example of each fault, with how to mend it; the return file has every row.
    examples = release.rows(
        """
        select dataset, file_sha256, code, actual, expected, line, column_name, sheet
        from intake.rejects
        qualify row_number() over (partition by dataset, file_sha256, code order by sheet, line, column_name) = 1
        order by dataset, file_sha256, sheet, line
        """
    )
    by_file: dict[tuple[str, str], list[Issue]] = defaultdict(list)
    for row in examples:
        place = (row["line"], row["column_name"], row["sheet"])
        issue = Issue(row["code"], row["actual"] or "", row["expected"] or "", None, *place)
        by_file[row["dataset"], row["file_sha256"]].append(issue)
    alerts = []
    for row in files:
        key = row["dataset"], row["file_sha256"]
        code = "file_was_refused" if row["status"] == "refused" else "rows_were_rejected"
        first = Issue(code, f"{row['rows_rejected']}/{row['rows_read']}", "returns/", row["file"])
        alerts.append(Alert(f"file {' '.join(key)} {row['rows_rejected']}", (first, *by_file[key])))
    return alerts


def _of_held(release: Release) -> list[Alert]:
    by_file: dict[str, list[Issue]] = defaultdict(list)
    for issue in find_quarantined_blocks(release):
        by_file[str(issue.file)].append(issue)
    return [Alert(_cause(f"held {file}", issues), tuple(issues)) for file, issues in by_file.items()]


def _of_late(release: Release, today: date) -> list[Alert]:
    alerts = []
    for row in find_overdue(release, today):
        cities = f"{row['cities_zh']} / {row['cities_en']}"
        found = f"{row['name_zh']} {row['name_en']} {row['due_year']} ({row['cities']}): {cities}"
        issue = Issue("overdue_data", found, str(row["due_date"]), f"inbox/{row['dataset']}/")
        alerts.append(Alert(f"late {row['dataset']} {row['due_year']} {cities}", (issue,)))
    return alerts


def _cause(name: str, issues: Iterable[Issue]) -> str:
    return " ".join([name, *(f"{issue.line} {issue.column} {issue.actual}" for issue in issues)])


def _after(paths: Paths, scope: Scope, causes: Any) -> DeliveryResult | None:
    if not is_configured():
        return None
    try:
        return send_new_alerts(paths, scope, causes())
    except Exception as error:  # to tell of a run must never be what makes it fail
        logging.getLogger(__name__).warning("no alert could be sent: %s", type(error).__name__)
        return None


def _send(alerts: Sequence[Alert]) -> tuple[set[str], tuple[int, ...]]:
    """Send each message to each channel; the causes that reached one at least, and the channels that failed."""
    urls = read_channels()
    if not urls:
        raise UsageError(Issue("missing_alert_channel", "", f"{URLS_VARIABLE}, {FILE_VARIABLE}"))
    if not alerts:
        return set(), ()
    import apprise

    # What it logs of a channel that fails may hold the address.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    delivered, failed = set[str](), set[int]()
    for position, url in enumerate(urls, start=1):
        channel = apprise.Apprise()
        if not channel.add(url):
            failed.add(position)
            continue
        for alert in alerts:
            if channel.notify(title=alert.title, body=alert.body, body_format=apprise.NotifyFormat.TEXT):
                delivered.add(alert.cause)
            else:
                failed.add(position)
    return delivered, tuple(sorted(failed))


@contextmanager
def _alone(paths: Paths) -> Iterator[None]:
    """While nobody else tells. Where the state cannot be written, a message told twice is better than none."""
    with ExitStack() as stack:
        with suppress(OSError, UsageError):
            stack.enter_context(alert_lock(paths))
        yield


def _told(paths: Paths) -> dict[str, list[str]]:
    try:
        told = json.loads((paths.state / "alerts.json").read_text(encoding="utf-8"))
        return {str(scope): [str(cause) for cause in causes] for scope, causes in told.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def _remember(paths: Paths, told: dict[str, list[str]]) -> None:
    """Losing the note costs a message told twice, nothing else."""
    ensure_state_dir(paths)
    temporary = paths.state / ".alerts.tmp"
    temporary.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
    temporary.rename(paths.state / "alerts.json")


def _cut(text: str) -> str:
    return text if len(text) <= _TITLE else f"{text[:_TITLE]}…"


def _one_line(text: str) -> str:
    """Names of files come from outside: what would break a line or hide in it is shown as a blank."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
