"""Commands about releases: their files, their keeping, and the candidate that was not let through.

Here: export, report, releases, verify, prune, candidate, approve. Not here: how a release is made (assets.release).
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from assets.core.errors import DataError, Issue, UsageError
from assets.core.paths import Paths
from pipelines.cli.options import DATA_FAILED, AsJson, InLanguage, parse_language, write_json


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
    from assets.release.outputs import export as exporting
    from assets.release.read.reader import get_current_release

    language = None if lang is None else parse_language(lang)
    release, tables, cities = get_current_release(Paths.from_environment()), table or (), city or ()
    if partition_by is None:
        files = exporting.export_tables(release, folder, kind, tables, cities, language)
    elif kind == "parquet":
        files = exporting.export_partitioned(release, folder, partition_by, tables, cities)
    else:
        raise typer.BadParameter("--format parquet", param_hint="--partition-by")
    Console(highlight=False).print(f"{len(files)} → {folder}", soft_wrap=True)


def report(
    release: Annotated[str, typer.Argument(help="发布。 Release.")] = "current",
    is_opened: Annotated[bool, typer.Option("--open", help="用浏览器打开。 Open it in a browser.")] = False,
) -> None:
    """发布的网页报告：写出首页的位置，或直接打开。 The pages of a release: where the first one is, or open it.

    例 Example: gancheng report --open
    """
    from assets.release.publish.file_names import REPORT_INDEX
    from assets.release.read.reader import get_release

    found = get_release(Paths.from_environment(), release)
    page = found.folder / REPORT_INDEX
    if not page.is_file():
        raise UsageError(Issue("release_without_report", found.manifest.release_id))
    Console(highlight=False).print(str(page), soft_wrap=True)
    if is_opened:
        import webbrowser

        webbrowser.open(page.as_uri())


def releases(as_json: AsJson = False, lang: InLanguage = "zh") -> None:
    """全部发布，最新的在前。 All releases, the newest first.

    例 Example: gancheng releases
    """
    from assets.release.publish import retention
    from pipelines.cli.render import tables

    language = parse_language(lang)
    found = retention.list_releases(Paths.from_environment())
    if not found:
        raise UsageError(Issue("no_release"))
    if as_json:
        write_json([asdict(one) for one in found])
    else:
        Console(highlight=False).print(tables.render_releases(found, language))


def verify(
    release: Annotated[str, typer.Argument(help="发布。 Release.")] = "current",
    as_json: AsJson = False,
    lang: InLanguage = "zh",
) -> None:
    """按清单核对一个发布的每个文件；不符时退出码为 1。 Hold every file of a release against its manifest.

    例 Example: gancheng verify previous
    """
    from assets.release.publish import retention

    language = parse_language(lang)
    verified = retention.verify_release(Paths.from_environment(), release)
    if as_json:
        texts = ("code", "file")
        damages = [{name: getattr(issue, name) for name in texts} for issue in verified.issues]
        write_json({"release_id": verified.release_id, "files": verified.files, "damages": damages})
        if damages:
            raise typer.Exit(DATA_FAILED)
        return
    if verified.issues:
        raise DataError(verified.issues)
    told = ("{}：{} 个文件与清单一致", "{}: {} files are as the manifest says")[0 if language == "zh" else 1]
    Console(highlight=False).print(told.format(verified.release_id, verified.files), soft_wrap=True)


def prune(
    keep: Annotated[int, typer.Option(min=0, help="保留最新的几个。 How many of the newest stay.")],
    as_json: AsJson = False,
    lang: InLanguage = "zh",
) -> None:
    """删除旧的发布；现行的和正被读取的不删。 Take away old releases; never the current one nor one that is read.

    例 Example: gancheng prune --keep 12
    """
    from assets.release.publish import retention
    from pipelines.cli.render import tables
    from pipelines.orchestration.retention import delete_old_runs

    language = parse_language(lang)
    paths = Paths.from_environment()
    pruned = retention.prune_releases(paths, keep)
    delete_old_runs(paths)
    if as_json:
        write_json(asdict(pruned))
    else:
        Console(highlight=False).print(tables.render_pruned(pruned, language), soft_wrap=True)


def candidate(as_json: AsJson = False, lang: InLanguage = "zh") -> None:
    """最近一次未能发布的候选：哪些检查未通过，哪些行，数据库在哪里。 What was blocked last, and why.

    例 Example: gancheng candidate
    """
    from assets.release.publish.quarantine import is_superseded, load_blocked
    from pipelines.cli.render import tables

    language = parse_language(lang)
    paths = Paths.from_environment()
    blocked = load_blocked(paths)
    if as_json:
        write_json(blocked and {**asdict(blocked), "failed_checks": blocked.failed_checks()})
    else:
        past = blocked is not None and is_superseded(paths, blocked)
        Console(highlight=False).print(tables.render_blocked(blocked, past, language), soft_wrap=True)


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
    from pipelines.cli.approvals import approve_flags as decide
    from pipelines.cli.render import tables

    language = parse_language(lang)
    file, found = decide(Paths.from_environment(), flags, reason, by)
    if as_json:
        write_json({"file": str(file), "flags": found})
    else:
        Console(highlight=False).print(tables.render_approved(file, found, language), soft_wrap=True)
