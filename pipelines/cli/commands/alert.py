"""gancheng alert: alerts that were not sent yet, or a test of the channels."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from assets.core.errors import DataError, Issue
from assets.core.paths import Paths
from pipelines.cli.options import InLanguage, line, option, write_text


def alert(*, is_test: Annotated[bool, option("test", "--test")] = False, language: InLanguage) -> None:
    """Send the alerts of the current release that were not sent yet, or a test message."""
    from assets.core.settings import read_settings
    from assets.release.read.reader import get_current_release
    from pipelines.observability import alerts

    paths = Paths.from_environment()
    if is_test:
        delivered = alerts.send_test_alert()
    else:
        reminders = read_settings(paths).reminders
        pending = alerts.release_alerts(get_current_release(paths), datetime.now().date(), reminders)
        delivered = alerts.send_new_alerts(paths, "release", pending)
    write_text(line("sent", language, count=delivered.sent))
    if delivered.failed:
        raise DataError([Issue("alert_undelivered", ", ".join(map(str, delivered.failed)))])
