"""Commands that work: taking files in, looking at them beforehand, serving, and the state of the installation.

Here: run, check, serve, doctor, alert. Not here: work of any kind (pipelines.runner and the rooms beside it).
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from assets.core.errors import DataError, Issue
from assets.core.i18n import Language
from assets.core.paths import Paths
from pipelines.cli.options import DATA_FAILED, AsJson, InLanguage, parse_language, shown_path, write_json

if TYPE_CHECKING:
    from assets.release.read.reader import Release


def run(
    waits: Annotated[
        bool, typer.Option("--wait/--no-wait", help="有运行正在进行时是否等待。 Wait where another run is under way.")
    ] = True,
    as_json: AsJson = False,
    lang: InLanguage = "zh",
) -> None:
    """读取收件箱，检查，评分，发布。 Take in the inbox, check, score, release.

    例 Example: gancheng run
    """
    from pipelines.locks import wait_for_lock
    from pipelines.runner import run_if_changed

    language = parse_language(lang)
    console = Console(stderr=as_json, highlight=False)

    def say_who(process: str) -> None:
        words = ("另一个运行正在进行（pid {}），等它结束", "Another run is in progress (pid {}); waiting for its end")
        Console(stderr=True, highlight=False).print(words[0 if language == "zh" else 1].format(process))

    wait_for_lock(Paths.from_environment(), say_who if waits else None)
    with _Progress(Console(stderr=True)) as progress:
        outcome = run_if_changed(Paths.from_environment(), progress.tell)
    if as_json:
        write_json(
            {
                "release_id": outcome.release.manifest.release_id,
                "content_digest": outcome.release.manifest.content_digest,
                "folder": str(outcome.release.folder),
                "is_new": outcome.is_new,
                "had_work": outcome.had_work,
                "files": outcome.release.rows("from intake.files order by dataset, file"),
                "failed_checks": outcome.release.rows("from quality.check_results where not is_passed order by all"),
            }
        )
        return
    if outcome.had_work:
        _show_run(console, outcome.release, language)
    elif language == "zh":
        console.print("没有新的内容，发布保持不变。")
    else:
        console.print("Nothing new; the release stays as it is.")
    told = _release_told(outcome.is_new, language)
    console.print(f"{told} {outcome.release.manifest.release_id}\n{shown_path(outcome.release.folder)}", soft_wrap=True)


def check(
    files: Annotated[list[Path], typer.Argument(help="要检查的文件。 Files to check.")],
    dataset: Annotated[
        str | None, typer.Option(help="数据集；不写则按表头判断。 Dataset; else told by headers.")
    ] = None,
    as_json: AsJson = False,
    lang: InLanguage = "zh",
) -> None:
    """报送之前检查文件，不写入任何内容；有行会被退回时退出码为 1。 Check files before sending them; nothing is written.

    例 Example: gancheng check 公园绿地2025.csv
    """
    from pipelines.cli import dry_run
    from pipelines.cli.render import tables

    language = parse_language(lang)
    checked = dry_run.check_files(Paths.from_environment(), files, dataset)
    if as_json:
        write_json([asdict(one) for one in checked])
    else:
        console = Console(highlight=False)
        for one in checked:
            console.print(tables.render_dry_run(one, language), soft_wrap=True)
    if not all(one.is_clean for one in checked):
        raise typer.Exit(DATA_FAILED)


def serve(
    port: Annotated[int, typer.Option(min=1, max=65535, help="网页端口。 Port of the web page.")] = 3000,
    lang: InLanguage = "zh",
) -> None:
    """按设置自动运行，并在本机提供网页，直到收到 SIGTERM。 Run by itself, with a web page, until SIGTERM.

    例 Example: gancheng serve
    """
    from pipelines.orchestration.server import RunningServer
    from pipelines.orchestration.server import serve as serve_until_told

    language = parse_language(lang)
    console = Console(highlight=False)
    paths = Paths.from_environment()

    def ready(serving: RunningServer) -> None:
        words = ("网页：{}  数据：{}", "Web page: {}  Data: {}")[0 if language == "zh" else 1]
        pids = ", ".join(f"{name} {pid}" for name, pid in serving.processes.items())
        console.print(words.format(serving.address, paths.data), f"({pids})", soft_wrap=True)

    serve_until_told(paths, port, ready)
    console.print(("已停止", "Stopped")[0 if language == "zh" else 1])


def doctor(as_json: AsJson = False, lang: InLanguage = "zh") -> None:
    """检查安装是否完好，并说明如何修复；有问题时退出码为 1。 What is wrong with the installation, and how to mend it.

    例 Example: gancheng doctor
    """
    from pipelines.cli import doctor as room

    language = parse_language(lang)
    found = room.diagnose(Paths.from_environment())
    if as_json:
        write_json(
            [
                {"code": f.code, "file": f.file, "reason": f.reason(language), "remedy": f.remedy(language)}
                for f in found
            ]
        )
        if found:
            raise typer.Exit(DATA_FAILED)
        return
    if found:
        raise DataError(found)
    Console(highlight=False).print(("一切正常", "All is well")[0 if language == "zh" else 1])


def alert(
    is_test: Annotated[bool, typer.Option("--test", help="只发一条测试消息。 Send a test alone.")] = False,
    lang: InLanguage = "zh",
) -> None:
    """发送尚未告知的告警，或测试告警渠道；有渠道未送达时退出码为 1。 Send what was not told yet, or test the channels.

    例 Example: gancheng alert --test
    """
    from pipelines.observability import alerts

    language = parse_language(lang)
    paths = Paths.from_environment()
    if is_test:
        delivered = alerts.send_test_alert()
    else:
        from assets.release.read.reader import get_current_release

        delivered = alerts.send_new_alerts(
            paths, "release", alerts.release_alerts(get_current_release(paths), datetime.now().date())
        )
    told = ("已发送 {} 条消息", "Messages sent: {}")[0 if language == "zh" else 1]
    Console(highlight=False).print(told.format(delivered.sent))
    if delivered.failed:
        raise DataError([Issue("alert_undelivered", ", ".join(map(str, delivered.failed)))])


class _Progress:
    """A bar on standard error while tables are made; nothing where that is no terminal."""

    def __init__(self, console: Console) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
        self._bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)

    def __enter__(self) -> _Progress:
        self._bar.start()
        self._task = self._bar.add_task("", total=None)
        return self

    def __exit__(self, *_error: object) -> None:
        self._bar.stop()

    def tell(self, table: str, total: int) -> None:
        self._bar.update(self._task, advance=1, total=total, description=table)


def _show_run(console: Console, release: Release, language: Language) -> None:
    from assets.release.read import scorecards
    from pipelines.cli.render import tables

    console.print(tables.render_files(release.rows("from intake.files order by dataset, file"), language))
    checks = release.rows(
        "select count(*) as n, count(*) filter (where not is_passed) as failed from quality.check_results"
    )
    told = ("{n} 项检查，{failed} 项警告", "{n} checks, {failed} warnings")[0 if language == "zh" else 1]
    console.print(told.format(**checks[0]))
    for row in release.rows("from quality.check_results where not is_passed order by table_name, check_name"):
        console.print(f"  {row[f'description_{language}']}: {row['rows_failing']}", style="yellow", markup=False)
    tables.print_issues(console, scorecards.find_quarantined_blocks(release))
    cities, dimensions, scores = scorecards.read_overview(release)
    first = cities[: tables.MOST_LINES]
    console.print(tables.render_cities(first, dimensions, scores, language, console.width))
    if (told_of_others := tables.hidden_cities_note(cities, language)) is not None:
        console.print(told_of_others, style="dim")
    console.print(tables.coverage_note(language), style="dim")


def _release_told(is_new: bool, language: Language) -> str:
    words = ("新发布", "New release") if is_new else ("现行发布", "Current release")
    return words[0 if language == "zh" else 1]
