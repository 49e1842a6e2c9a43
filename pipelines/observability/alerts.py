"""Alerts: one message for each cause that a person must know of, over the configured channels.

What belongs here: which causes there are, sending each once while it lasts, and the channels. What does not: when
alerts are sent (pipelines.orchestration.run_context, pipelines.observability.run_outcomes) and the texts
(assets.core.messages). Without a channel nothing happens. The address of a channel holds its secret: it comes from the
environment alone, and is never logged or shown.
"""

from __future__ import annotations

import json
import logging
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from assets.core.errors import Issue, IssueError, UsageError
from assets.core.files import write_cache
from assets.core.i18n import Language
from assets.core.paths import Paths
from assets.core.settings import ReminderSettings, read_settings
from assets.intake.receipts.arrivals import sender_folder
from assets.release.read.reader import Release, Row
from assets.release.read.scorecards import find_quarantined_figures
from pipelines.locks import alert_lock
from pipelines.observability.overdue import find_due_soon, find_overdue, find_partly_sent
from pipelines.observability.run_log import LogRecord
from pipelines.observability.system_errors import classify_system_error

URLS_VARIABLE, FILE_VARIABLE = "GANCHENG_ALERT_URLS", "GANCHENG_ALERT_URLS_FILE"
# A message shows the first issues of its cause; causes beyond the limit are sent after the next run.
_MAX_ISSUES, _MAX_ALERTS = 5, 20
_MAX_TITLE = 60  # characters of a reason
_LANGUAGES: tuple[Language, ...] = ("zh", "en")

Scope = Literal["release", "failure", "killed"]


@dataclass(frozen=True, slots=True)
class Alert:
    """One message.

    Attributes:
        cause: identifies what the message is about; the same as long as there is nothing new to say.
        issues: what happened, with place and remedy.
        hints: where to look for more.
    """

    cause: str
    issues: tuple[Issue, ...]
    hints: tuple[Issue, ...] = ()

    @property
    def title(self) -> str:
        """The first reason in both languages."""
        reasons = [self.issues[0].reason(language) for language in _LANGUAGES]
        short = [text if len(text) <= _MAX_TITLE else f"{text[:_MAX_TITLE]}…" for text in reasons]
        return f"[赣城 Gancheng] {' / '.join(_one_line(text) for text in short)}"

    @property
    def body(self) -> str:
        """Every issue with its place and remedy, in Chinese, then in English."""
        lines = []
        for language in _LANGUAGES:
            for issue in (*self.issues[:_MAX_ISSUES], *self.hints):
                where = issue.where(language)
                lines.append(_one_line(f"{where}: {issue.reason(language)}" if where else issue.reason(language)))
                lines.append(_one_line(f"  → {issue.remedy(language)}"))
            more = len(self.issues) - _MAX_ISSUES
            if more > 0:
                lines.append(f"（另有 {more} 处）" if language == "zh" else f"(and {more} more)")
            lines.append("")
        return "\n".join(lines).rstrip()


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """How many messages were sent, and which channels failed, by their place in the list."""

    sent: int
    failed: tuple[int, ...]


def alert_after_run(paths: Paths, release: Release) -> DeliveryResult | None:
    """Send the new alerts of the current release. Never raises; None without a channel."""
    return _send_safely(paths, "release", lambda: release_alerts(release, date.today(), read_settings(paths).reminders))


def alert_after_failure(paths: Paths, *errors: Exception) -> DeliveryResult | None:
    """Send why a run failed, once while the cause lasts. Never raises; None without a channel."""
    return _send_safely(paths, "failure", lambda: [alert for error in errors for alert in failure_alerts(error)])


def alert_after_kills(paths: Paths, killed: Sequence[LogRecord]) -> DeliveryResult | None:
    """Send which runs were killed, from their records in the run log. Never raises; None without a channel."""
    return _send_safely(paths, "killed", lambda: [kill_alert(record) for record in killed])


def send_new_alerts(paths: Paths, scope: Scope, alerts: Sequence[Alert]) -> DeliveryResult:
    """Send the alerts whose cause was not sent yet, and remember the causes that last.

    `alerts` are all of the scope that hold now; a release ends the causes of failures.

    Raises:
        UsageError: no channel is configured.
    """
    file = paths.state / "alerts.json"
    with ExitStack() as stack:
        # Where the state cannot be written, a message sent twice is better than none.
        with suppress(OSError, UsageError):
            stack.enter_context(alert_lock(paths))
        causes = _read_causes(file)
        known = causes.get(scope, [])
        new = [alert for alert in alerts if alert.cause not in known][:_MAX_ALERTS]
        delivered, failed = _send(new)
        causes[scope] = [alert.cause for alert in alerts if alert.cause in known or alert.cause in delivered]
        if scope == "release":
            causes.pop("failure", None)
        write_cache(file, json.dumps(causes, ensure_ascii=False, indent=1))
    return DeliveryResult(len(delivered), failed)


def send_test_alert() -> DeliveryResult:
    """Send one message to every channel.

    Raises:
        UsageError: no channel is configured.
    """
    delivered, failed = _send([Alert("test", (Issue("alert_test"),))])
    return DeliveryResult(len(delivered), failed)


def release_alerts(release: Release, today: date, reminders: ReminderSettings | None = None) -> list[Alert]:
    """Return the alerts of a release: refused files, rejected rows, quarantined values, data overdue or due soon."""
    reminders = reminders or ReminderSettings()
    alerts = _file_alerts(release)
    by_file: dict[str, list[Issue]] = defaultdict(list)
    for issue in find_quarantined_figures(release):
        by_file[str(issue.file)].append(issue)
    alerts += [Alert(_cause(f"held {file}", issues), tuple(issues)) for file, issues in by_file.items()]
    for row in find_overdue(release, today):
        cities = f"{row['cities_zh']} / {row['cities_en']}"
        alerts.append(Alert(f"late {row['dataset']} {row['due_year']} {cities}", (_owed_issue("overdue_data", row),)))
    alerts += _reminders(release, today, reminders)
    return alerts + (_digests(release) if reminders.digests else [])


def _reminders(release: Release, today: date, settings: ReminderSettings) -> Iterator[Alert]:
    """A reminder for each dataset that is due soon, again on each of the days that the settings name.

    What was sent in part is named once more when its day has passed.
    """
    last = max(settings.days, default=-1)
    for code, kind, rows in (
        ("data_due_soon", "due", find_due_soon(release, today, last)),
        ("data_partly_sent", "partly", find_partly_sent(release, today, last)),
    ):
        for row in rows:
            left = (row["due_date"] - today).days
            reached = min((days for days in settings.days if days >= left), default=0) if left >= 0 else -1
            yield Alert(f"{kind} {row['dataset']} {row['due_year']} {reached}", (_owed_issue(code, row),))


def _owed_issue(code: str, row: Row) -> Issue:
    """The message about a dataset and year that cities owe."""
    cities = f"{row['cities_zh']} / {row['cities_en']}"
    actual = f"{row['name_zh']} {row['name_en']} {row['due_year']} ({row['cities']}): {cities}"
    return Issue(code, actual, str(row["due_date"]), f"inbox/{row['dataset']}/")


def _digests(release: Release) -> list[Alert]:
    """Return an alert for each sender with the counts of its files, which repeats after each of its arrivals."""
    files = release.rows(
        """
        select files.dataset, files.file_sha256, arrivals.file, files.status, files.rows_read, files.rows_accepted,
            files.rows_rejected, arrivals.received_at
        from intake.files as files
        inner join intake.file_arrivals as arrivals
            on files.dataset = arrivals.dataset and files.file_sha256 = arrivals.file_sha256
        order by files.file, files.file_sha256, arrivals.arrival
        """
    )
    # Of each sender the last arrival of a content.
    by_sender: dict[str, dict[tuple[str, str], Row]] = defaultdict(dict)
    for row in files:
        if sender := sender_folder(row["file"]):
            by_sender[sender][row["dataset"], row["file_sha256"]] = row
    return [_digest(sender, list(rows.values())) for sender, rows in by_sender.items()]


def _digest(sender: str, files: Sequence[Row]) -> Alert:
    counts = [sum(row[f"rows_{name}"] for row in files) for name in ("read", "accepted", "rejected")]
    refused = sum(row["status"] == "refused" for row in files)
    figures = " / ".join(map(str, (len(files), *counts, refused)))
    last = max(row["received_at"] for row in files)
    return Alert(f"digest {sender} {last}", (Issue("sender_digest", sender, figures, "returns/"),))


def failure_alerts(error: Exception) -> list[Alert]:
    """Return the alerts of a failed run, one for each message and file."""
    if isinstance(error, IssueError):
        # The other run sends its own alerts.
        issues = tuple(issue for issue in error.issues if issue.code != "run_in_progress")
    else:
        # The text of an internal error may hold anything, so only its type is sent.
        issues = (classify_system_error(error) or Issue("internal_error", type(error).__name__),)
    hints = tuple(issue for issue in issues if issue.code == "candidate_quarantined")
    by_cause: dict[str, list[Issue]] = defaultdict(list)
    for issue in issues:
        if issue not in hints:
            by_cause[f"{issue.code} {issue.file}"].append(issue)
    return [Alert(_cause(name, group), tuple(group), hints) for name, group in by_cause.items()]


def kill_alert(record: LogRecord) -> Alert:
    """Return the alert of a run that started and has no end."""
    issue = Issue("run_terminated", f"{record.get('job')}, {record.get('began_at')}")
    return Alert(f"killed {record.get('run_id')}", (issue,))


def read_channels() -> list[str]:
    """Return the addresses in the environment or in the file that it names, one a line, `#` starting a comment.

    Raises:
        UsageError: the file cannot be read.
    """
    text = os.environ.get(URLS_VARIABLE, "")
    file = os.environ.get(FILE_VARIABLE)
    if file:
        try:
            text += "\n" + Path(file).expanduser().read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(Issue("alert_file_unreadable", FILE_VARIABLE)) from error
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    return [url for line in lines for url in line.split()]


def _file_alerts(release: Release) -> list[Alert]:
    files = release.rows(
        "from intake.files where status = 'refused' or rows_rejected > 0 order by dataset, file, file_sha256"
    )
    # One example of each error with its remedy; the return file has every row.
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
        summary = Issue(code, f"{row['rows_rejected']}/{row['rows_read']}", "returns/", row["file"])
        alerts.append(Alert(f"file {' '.join(key)} {row['rows_rejected']}", (summary, *by_file[key])))
    return alerts


def _cause(name: str, issues: Iterable[Issue]) -> str:
    return " ".join([name, *(f"{issue.line} {issue.column} {issue.actual}" for issue in issues)])


def _send_safely(paths: Paths, scope: Scope, build: Callable[[], Sequence[Alert]]) -> DeliveryResult | None:
    """Send new alerts where a channel is configured; an alert that cannot be sent never fails a run."""
    if not (os.environ.get(URLS_VARIABLE) or os.environ.get(FILE_VARIABLE)):
        return None
    try:
        return send_new_alerts(paths, scope, build())
    except Exception as error:
        logging.getLogger(__name__).warning("no alert could be sent: %s", type(error).__name__)
        return None


def _send(alerts: Sequence[Alert]) -> tuple[set[str], tuple[int, ...]]:
    """Send each message to each channel; return the causes that reached at least one, and the channels that failed."""
    urls = read_channels()
    if not urls:
        raise UsageError(Issue("missing_alert_channel", "", f"{URLS_VARIABLE}, {FILE_VARIABLE}"))
    if not alerts:
        return set(), ()
    import apprise

    # Its log messages about a failing channel may hold the address.
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


def _read_causes(file: Path) -> dict[str, list[str]]:
    """Read the causes that were sent, by scope; losing them costs messages that are sent twice."""
    try:
        causes = json.loads(file.read_bytes())
        return {str(scope): [str(cause) for cause in sent] for scope, sent in causes.items()}
    except (OSError, ValueError, AttributeError, TypeError, RecursionError):
        return {}


def _one_line(text: str) -> str:
    """File names come from outside: characters that break a line or hide are shown as blanks."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
