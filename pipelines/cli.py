"""The command line: `gancheng run`, `status`, `scorecard`, `trace`, `diff`, `whatif`, `history`, `check`, `query` ...

Here: arguments, exit codes and what goes to standard output. Not here: layouts (pipelines.terminal) and work of any
kind. Exit codes: 0 fine, 1 the data failed its checks, 2 wrong call, 3 our own fault. Everything slow to import is
imported where it is used.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console

from assets.errors import Finding, Language, Stopped, WrongCall
from assets.paths import Paths

if TYPE_CHECKING:
    from assets.release.reader import Release

DATA_FAILED, WRONG_CALL, OUR_FAULT = 1, 2, 3

app = typer.Typer(
    name="gancheng",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="赣城：各城市文件进，可追溯的评分卡出。 City files in, traceable scorecards out.",
)

AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON 供程序读取。 Write JSON, for programs.")]
InLanguage = Annotated[
    str,
    typer.Option("--lang", envvar="GANCHENG_LANG", help="显示语言：zh 或 en。 Language of the tables: zh or en."),
]


@app.command()
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
    from pipelines.running import run_if_new, wait_for_turn

    language = _language(lang)
    console = Console(stderr=as_json, highlight=False)

    def say_who(process: str) -> None:
        words = ("另一个运行正在进行（pid {}），等它结束", "Another run is in progress (pid {}); waiting for its end")
        Console(stderr=True, highlight=False).print(words[0 if language == "zh" else 1].format(process))

    wait_for_turn(Paths.from_environment(), say_who if waits else None)
    with _Progress(Console(stderr=True)) as progress:
        outcome = run_if_new(Paths.from_environment(), progress.tell)
    if as_json:
        _write_json(
            {
                "release_id": outcome.release.manifest.release_id,
                "content_digest": outcome.release.manifest.content_digest,
                "folder": str(outcome.release.folder),
                "is_new": outcome.is_new,
                "had_work": outcome.had_work,
                "files": outcome.release.rows("from quality.files order by dataset, file"),
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
    console.print(
        f"{told} {outcome.release.manifest.release_id}\n{_shown_path(outcome.release.folder)}", soft_wrap=True
    )


@app.command()
def status(
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="到哪一天逾期；默认今天。 Overdue on which day.")
    ] = None,
    as_json: AsJson = False,
    lang: InLanguage = "zh",
) -> None:
    """现行发布、各数据集收到的文件、逾期未报的数字，以及有无新内容。 The release, what was received, what is overdue.

    例 Example: gancheng status
    """
    from assets.release.inputs import digest_inputs, remembered
    from assets.release.reader import required_release
    from pipelines import lateness, scorecards, terminal

    language = _language(lang)
    paths = Paths.from_environment()
    release = required_release(paths)
    late = lateness.late(release, (as_of or datetime.now()).date())
    noted = remembered(paths)
    is_up_to_date = noted == (digest_inputs(paths), release.manifest.release_id)
    datasets = release.rows(
        """
        select dataset, count(*) as files, sum(rows_read)::bigint as rows_read, sum(rows_accepted)::bigint as
            rows_accepted, sum(rows_set_aside)::bigint as rows_set_aside, sum(rows_rejected)::bigint as rows_rejected
        from quality.files group by dataset order by dataset
        """
    )
    manifest = release.manifest
    flags = scorecards.flag_counts(release)
    noteworthy = _noteworthy(release)
    if as_json:
        told = {"release_id": manifest.release_id, "content_digest": manifest.content_digest}
        told |= {"released_at": manifest.run.released_at.isoformat(), "method_version": manifest.method_version}
        _write_json(
            {
                **told,
                "folder": str(release.folder),
                "is_up_to_date": is_up_to_date,
                **noteworthy,
                "datasets": datasets,
                "flags": flags,
                "late": late,
            }
        )
        return
    console = Console(highlight=False)
    words = ("发布", "发布时间", "方法版本") if language == "zh" else ("Release", "Released", "Method")
    values = (manifest.release_id, f"{manifest.run.released_at:%Y-%m-%d %H:%M} UTC", manifest.method_version)
    for word, value in zip(words, values, strict=True):
        console.print(f"{word}: {value}")
    console.print(terminal.datasets_table(datasets, language))
    console.print(terminal.flags_count(flags, language), markup=False)
    counted = (
        "来源不一致：{source_conflicts}；更正：{corrections}",
        "Sources differ: {source_conflicts}; corrections: {corrections}",
    )
    console.print(counted[0 if language == "zh" else 1].format(**noteworthy))
    console.print(terminal.late_text(late, language), style="yellow" if late else None, markup=False, soft_wrap=True)
    new = ("有尚未处理的改动，请运行 gancheng run", "There are changes not yet taken in; run: gancheng run")
    none = ("收件箱和登记表没有新的改动", "Nothing new in the inbox and the registry")
    console.print((none if is_up_to_date else new)[0 if language == "zh" else 1])


@app.command()
def scorecard(
    city: Annotated[str | None, typer.Argument(help="城市名称或代码。 Name or code of a city.")] = None,
    as_json: AsJson = False,
    lang: InLanguage = "zh",
) -> None:
    """全部城市的评分卡，或一个城市的每个指标。 The scorecard of all cities, or every indicator of one.

    例 Example: gancheng scorecard 南昌
    """
    from assets.release.naming import city_of
    from assets.release.reader import required_release
    from pipelines import scorecards, terminal

    language = _language(lang)
    release = required_release(Paths.from_environment())
    console = Console(highlight=False)
    if city is None:
        cities, dimensions, scores = scorecards.overview(release)
        if as_json:
            _write_json(
                [{**row, "dimensions": [s for s in scores if s["city_code"] == row["city_code"]]} for row in cities]
            )
            return
        console.print(terminal.cities_table(cities, dimensions, scores, language, console.width))
        console.print(terminal.coverage_note(language), style="dim")
        return
    found = city_of(release, city)
    rows, awaiting = scorecards.of_city(release, found["city_code"])
    held = scorecards.held_of_city(release, found["city_code"])
    if as_json:
        ranks = scorecards.ranks_of_city(release, found["city_code"])
        _write_json({"city": found, "indicators": rows, "awaiting_data": awaiting, "held_back": held, "ranks": ranks})
    else:
        console.print(terminal.city_scorecard(found, rows, awaiting, language))
        for note in terminal.flags_note(rows, held, language):
            console.print(note)
        console.print(terminal.ranks_note(scorecards.ranks_of_city(release, found["city_code"]), language))


@app.command()
def trace(
    city: Annotated[str, typer.Argument(help="城市名称或代码。 Name or code of a city.")],
    item: Annotated[str, typer.Argument(help="指标、维度或 index。 Indicator, dimension or index.")],
    release: Annotated[str, typer.Option("--release", help="发布。 Release.")] = "current",
    as_json: AsJson = False,
    lang: InLanguage = "zh",
) -> None:
    """一个得分的来历：公式、标尺、目标文件、观测值、文件和行。 The tree of a number, down to file and line.

    例 Example: gancheng trace 南昌 index
    """
    from assets.release.lineage import trace as find
    from assets.release.reader import named_release
    from pipelines import explaining

    language = _language(lang)
    paths = Paths.from_environment()
    found = find(named_release(paths, release), paths, city, item)
    if as_json:
        _write_json(found)
    else:
        Console(highlight=False).print(explaining.trace_tree(found, language))


@app.command()
def diff(
    old: Annotated[str, typer.Argument(help="较早的发布。 The older release.")] = "previous",
    new: Annotated[str, typer.Argument(help="较新的发布。 The newer release.")] = "current",
    as_json: AsJson = False,
    lang: InLanguage = "zh",
) -> None:
    """两次发布之间变动的得分及原因。 Each score that moved between two releases, and why.

    例 Example: gancheng diff previous current
    """
    from assets.release.differences import between
    from assets.release.reader import named_release, previous_release
    from pipelines import explaining

    language = _language(lang)
    paths = Paths.from_environment()
    newer = named_release(paths, new)
    older = previous_release(paths, newer) if old == "previous" else named_release(paths, old)
    changes, left = between(older, newer)
    ids = older.manifest.release_id, newer.manifest.release_id
    if as_json:
        _write_json({"old": ids[0], "new": ids[1], "not_recomputed": left, "changes": changes})
    else:
        Console(highlight=False).print(explaining.changes_table(*ids, changes, left, language))


@app.command()
def whatif(
    city: Annotated[str | None, typer.Argument(help="城市名称或代码。 Name or code of a city.")] = None,
    assumed: Annotated[
        list[str] | None, typer.Option("--set", help="假设，可多次。 An assumption; may be repeated.")
    ] = None,
    release: Annotated[str, typer.Option("--release", help="发布。 Release.")] = "current",
    as_json: AsJson = False,
    lang: InLanguage = "zh",
) -> None:
    """假设一个数值、目标、标尺或权重改变，得分会怎样；不写入任何文件。 What scores would be, if; nothing is written.

    例 Example: gancheng whatif 南昌
    """
    from assets.release.naming import city_of
    from assets.release.reader import named_release
    from assets.release.whatif import EXAMPLE, assume, levers
    from pipelines import explaining

    language = _language(lang)
    if (city is None) == (not assumed):
        raise WrongCall(Finding("whatif_nothing", expected=EXAMPLE))
    found = named_release(Paths.from_environment(), release)
    console = Console(highlight=False)
    if city is not None:
        place = city_of(found, city)
        best = levers(found, place["city_code"])
        if as_json:
            _write_json(best)
        else:
            console.print(explaining.levers_table(place, best, language))
        return
    rows = assume(found, assumed or [])
    if as_json:
        _write_json(rows)
    else:
        console.print(explaining.assumed_table(rows, language))


@app.command()
def history(
    city: Annotated[str, typer.Argument(help="城市名称或代码。 Name or code of a city.")],
    indicator: Annotated[str, typer.Argument(help="指标名称或代码。 Name or identifier of an indicator.")],
    as_json: AsJson = False,
    lang: InLanguage = "zh",
) -> None:
    """一个数字的全部版本：何时收到，何时被哪个文件取代，有何更正。 Every vintage of a figure, and what superseded it.

    例 Example: gancheng history 南昌 地区生产总值
    """
    from assets.release.naming import city_of, indicator_of
    from assets.release.reader import required_release
    from pipelines import histories, terminal

    language = _language(lang)
    release = required_release(Paths.from_environment())
    found, about = city_of(release, city), indicator_of(release, indicator)
    rows = histories.history(release, found["city_code"], about["indicator_id"])
    if as_json:
        _write_json({"city": found, "indicator": about, "vintages": rows})
        return
    console = Console(highlight=False)
    console.print(f"{found[f'name_{language}']}  {about[f'name_{language}']} ({about['unit']})", style="bold")
    if rows:
        console.print(terminal.history_table(rows, about, language))
        console.print(("时间为 UTC", "Times are UTC")[0 if language == "zh" else 1], style="dim")
    else:
        console.print(("尚无数字", "No figure so far")[0 if language == "zh" else 1])


@app.command()
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
    from pipelines import checking, terminal

    language = _language(lang)
    checked = checking.check_files(Paths.from_environment(), files, dataset)
    if as_json:
        _write_json([asdict(one) for one in checked])
    else:
        console = Console(highlight=False)
        for one in checked:
            console.print(terminal.checked_text(one, language), soft_wrap=True)
    if not all(one.is_clean for one in checked):
        raise typer.Exit(DATA_FAILED)


@app.command()
def candidate(as_json: AsJson = False, lang: InLanguage = "zh") -> None:
    """最近一次未能发布的候选：哪些检查未通过，哪些行，数据库在哪里。 What was blocked last, and why.

    例 Example: gancheng candidate
    """
    from assets.release.candidates import is_past, kept
    from pipelines import terminal

    language = _language(lang)
    paths = Paths.from_environment()
    blocked = kept(paths)
    if as_json:
        _write_json(blocked and {**asdict(blocked), "failed_checks": blocked.failed_checks()})
    else:
        past = blocked is not None and is_past(paths, blocked)
        Console(highlight=False).print(terminal.blocked_text(blocked, past, language), soft_wrap=True)


@app.command()
def approve(
    flags: Annotated[list[str], typer.Argument(help="存疑编号，或被扣留的文件。 Flags, or a file that is held back.")],
    reason: Annotated[str, typer.Option(help="放行理由。 What the approval rests on.")],
    by: Annotated[str | None, typer.Option(help="放行人；默认为登录名。 Who approves; else the login name.")] = None,
    as_json: AsJson = False,
    lang: InLanguage = "zh",
) -> None:
    """核对后放行存疑的数字，记录在案；数值一变即失效。 Let flagged values pass, on record, until the value changes.

    例 Example: gancheng approve 3f9a2c41d0 --reason 已与年鉴原件核对
    """
    from pipelines import terminal
    from pipelines.approving import approve as decide

    language = _language(lang)
    file, found = decide(Paths.from_environment(), flags, reason, by)
    if as_json:
        _write_json({"file": str(file), "flags": found})
    else:
        Console(highlight=False).print(terminal.approved_text(file, found, language), soft_wrap=True)


@app.command()
def query(sql: Annotated[str, typer.Argument(help="SQL。")], as_json: AsJson = False) -> None:
    """对现行发布运行 SQL，只读。 Run SQL on the current release, read-only.

    例 Example: gancheng query "select city_code, available_mean from scorecards.city_scores"
    """
    from assets.release.reader import required_release
    from pipelines import terminal

    rows = required_release(Paths.from_environment()).rows(sql)
    if as_json:
        _write_json(rows)
    else:
        Console(highlight=False).print(terminal.rows_table(rows))


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="目标目录。 Folder to write to.")],
    kind: Annotated[
        Literal["parquet", "csv", "xlsx", "json"], typer.Option("--format", help="文件格式。 Kind of file.")
    ] = "parquet",
    table: Annotated[list[str] | None, typer.Option(help="只要此表，可多次。 This table; may be repeated.")] = None,
    city: Annotated[list[str] | None, typer.Option(help="只要此城市，可多次。 This city; may be repeated.")] = None,
    partition_by: Annotated[
        str | None, typer.Option(help="按此列分成多个 Parquet 文件。 Parquet in parts by this column.")
    ] = None,
    lang: Annotated[
        str | None, typer.Option(help="zh：CSV、Excel 用中文列名。 zh: CSV and Excel with Chinese headings.")
    ] = None,
) -> None:
    """把现行发布的表写入目录，每张表一个文件。 Write the tables of the release to a folder, a file each.

    例 Example: gancheng export ./scorecards --format xlsx --table indicator_scores --city 南昌 --lang zh
    """
    from assets.release import export as exporting
    from assets.release.reader import required_release

    language = None if lang is None else _language(lang)
    release, tables, cities = required_release(Paths.from_environment()), table or (), city or ()
    if partition_by is None:
        files = exporting.export(release, folder, kind, tables, cities, language)
    elif kind == "parquet":
        files = exporting.export_partitioned(release, folder, partition_by, tables, cities)
    else:
        raise typer.BadParameter("--format parquet", param_hint="--partition-by")
    Console(highlight=False).print(f"{len(files)} → {folder}", soft_wrap=True)


@app.command()
def report(
    release: Annotated[str, typer.Argument(help="发布。 Release.")] = "current",
    is_opened: Annotated[bool, typer.Option("--open", help="用浏览器打开。 Open it in a browser.")] = False,
) -> None:
    """发布的网页报告：写出首页的位置，或直接打开。 The pages of a release: where the first one is, or open it.

    例 Example: gancheng report --open
    """
    from assets.release.reader import named_release
    from assets.release.report.layout import FIRST_PAGE

    found = named_release(Paths.from_environment(), release)
    page = found.folder / FIRST_PAGE
    if not page.is_file():
        raise WrongCall(Finding("release_without_report", found.manifest.release_id))
    Console(highlight=False).print(str(page), soft_wrap=True)
    if is_opened:
        import webbrowser

        webbrowser.open(page.as_uri())


@app.command()
def releases(as_json: AsJson = False, lang: InLanguage = "zh") -> None:
    """全部发布，最新的在前。 All releases, the newest first.

    例 Example: gancheng releases
    """
    from assets.release import keeping
    from pipelines import terminal

    language = _language(lang)
    found = keeping.releases(Paths.from_environment())
    if not found:
        raise WrongCall(Finding("no_release"))
    if as_json:
        _write_json([asdict(one) for one in found])
    else:
        Console(highlight=False).print(terminal.releases_table(found, language))


@app.command()
def verify(
    release: Annotated[str, typer.Argument(help="发布。 Release.")] = "current",
    as_json: AsJson = False,
    lang: InLanguage = "zh",
) -> None:
    """按清单核对一个发布的每个文件；不符时退出码为 1。 Hold every file of a release against its manifest.

    例 Example: gancheng verify previous
    """
    from assets.release import keeping

    language = _language(lang)
    verified = keeping.verify(Paths.from_environment(), release)
    if as_json:
        texts = ("code", "file")
        damages = [{name: getattr(finding, name) for name in texts} for finding in verified.findings]
        _write_json({"release_id": verified.release_id, "files": verified.files, "damages": damages})
        if damages:
            raise typer.Exit(DATA_FAILED)
        return
    if verified.findings:
        raise Stopped(verified.findings)
    told = ("{}：{} 个文件与清单一致", "{}: {} files are as the manifest says")[0 if language == "zh" else 1]
    Console(highlight=False).print(told.format(verified.release_id, verified.files), soft_wrap=True)


@app.command()
def prune(
    keep: Annotated[int, typer.Option(min=0, help="保留最新的几个。 How many of the newest stay.")],
    as_json: AsJson = False,
    lang: InLanguage = "zh",
) -> None:
    """删除旧的发布；现行的和正被读取的不删。 Take away old releases; never the current one nor one that is read.

    例 Example: gancheng prune --keep 12
    """
    from assets.release import keeping
    from pipelines import terminal
    from pipelines.running import forget_runs

    language = _language(lang)
    paths = Paths.from_environment()
    pruned = keeping.prune(paths, keep)
    forget_runs(paths)
    if as_json:
        _write_json(asdict(pruned))
    else:
        Console(highlight=False).print(terminal.pruned_text(pruned, language), soft_wrap=True)


@app.command()
def serve(
    port: Annotated[int, typer.Option(min=1, max=65535, help="网页端口。 Port of the web page.")] = 3000,
    lang: InLanguage = "zh",
) -> None:
    """按设置自动运行，并在本机提供网页，直到收到 SIGTERM。 Run by itself, with a web page, until SIGTERM.

    例 Example: gancheng serve
    """
    from pipelines.serving import Serving
    from pipelines.serving import serve as serve_until_told

    language = _language(lang)
    console = Console(highlight=False)
    paths = Paths.from_environment()

    def ready(serving: Serving) -> None:
        words = ("网页：{}  数据：{}", "Web page: {}  Data: {}")[0 if language == "zh" else 1]
        pids = ", ".join(f"{name} {pid}" for name, pid in serving.processes.items())
        console.print(words.format(serving.address, paths.data), f"({pids})", soft_wrap=True)

    serve_until_told(paths, port, ready)
    console.print(("已停止", "Stopped")[0 if language == "zh" else 1])


@app.command()
def doctor(as_json: AsJson = False, lang: InLanguage = "zh") -> None:
    """检查安装是否完好，并说明如何修复；有问题时退出码为 1。 What is wrong with the installation, and how to mend it.

    例 Example: gancheng doctor
    """
    from pipelines import doctor as room

    language = _language(lang)
    found = room.examine(Paths.from_environment())
    if as_json:
        _write_json(
            [
                {"code": f.code, "file": f.file, "reason": f.reason(language), "remedy": f.remedy(language)}
                for f in found
            ]
        )
        if found:
            raise typer.Exit(DATA_FAILED)
        return
    if found:
        raise Stopped(found)
    Console(highlight=False).print(("一切正常", "All is well")[0 if language == "zh" else 1])


@app.command()
def alert(
    is_test: Annotated[bool, typer.Option("--test", help="只发一条测试消息。 Send a test alone.")] = False,
    lang: InLanguage = "zh",
) -> None:
    """发送尚未告知的告警，或测试告警渠道；有渠道未送达时退出码为 1。 Send what was not told yet, or test the channels.

    例 Example: gancheng alert --test
    """
    from pipelines import alerts

    language = _language(lang)
    paths = Paths.from_environment()
    if is_test:
        delivered = alerts.test()
    else:
        from assets.release.reader import required_release

        delivered = alerts.tell(paths, "release", alerts.of_release(required_release(paths), datetime.now().date()))
    told = ("已发送 {} 条消息", "Messages sent: {}")[0 if language == "zh" else 1]
    Console(highlight=False).print(told.format(delivered.sent))
    if delivered.failed:
        raise Stopped([Finding("alert_undelivered", ", ".join(map(str, delivered.failed)))])


def main() -> None:
    """Run the command and leave with its exit code; a person's mistake is told without a traceback."""
    errors = Console(stderr=True, highlight=False)
    from pipelines.terminal import show_findings

    try:
        app()
    except Stopped as stopped:
        show_findings(errors, stopped.findings)
        sys.exit(DATA_FAILED)
    except WrongCall as call:
        show_findings(errors, [call.finding])
        sys.exit(WRONG_CALL)
    except Exception as error:
        from pipelines.faults import mendable

        told = mendable(error)
        if told is not None:
            show_findings(errors, [told])
            sys.exit(WRONG_CALL)
        traceback.print_exc()
        errors.print(
            "这是程序自身的错误，请连同以上内容反馈。", "This is a fault of Gancheng; please report it.", sep="\n"
        )
        sys.exit(OUR_FAULT)


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
    from pipelines import scorecards, terminal

    console.print(terminal.files_table(release.rows("from quality.files order by dataset, file"), language))
    checks = release.rows(
        "select count(*) as n, count(*) filter (where not is_passed) as failed from quality.check_results"
    )
    told = ("{n} 项检查，{failed} 项警告", "{n} checks, {failed} warnings")[0 if language == "zh" else 1]
    console.print(told.format(**checks[0]))
    for row in release.rows("from quality.check_results where not is_passed order by table_name, check_name"):
        console.print(f"  {row[f'rule_{language}']}: {row['rows_failing']}", style="yellow", markup=False)
    terminal.show_findings(console, scorecards.held_blocks(release))
    console.print(terminal.cities_table(*scorecards.overview(release), language, console.width))
    console.print(terminal.coverage_note(language), style="dim")


def _noteworthy(release: Release) -> dict[str, int]:
    """How many figures have sources that differ, and how many a correction changed; 0 in a release of an older make."""
    told = {}
    for table in ("source_conflicts", "corrections"):
        known = release.rows("from duckdb_tables() where schema_name = 'observations' and table_name = ?", [table])
        told[table] = release.rows(f"select count(*) as n from observations.{table}")[0]["n"] if known else 0
    return told


def _release_told(is_new: bool, language: Language) -> str:
    words = ("新发布", "New release") if is_new else ("现行发布", "Current release")
    return words[0 if language == "zh" else 1]


def _shown_path(folder: Path) -> str:
    return os.path.relpath(folder) if folder.is_relative_to(Path.cwd()) else str(folder)


def _language(text: str) -> Language:
    if text not in ("zh", "en"):
        raise typer.BadParameter(f"{text}: zh, en", param_hint="--lang")
    return "zh" if text == "zh" else "en"


def _write_json(content: Any) -> None:
    json.dump(content, sys.stdout, ensure_ascii=False, indent=1, default=str)
    sys.stdout.write("\n")
