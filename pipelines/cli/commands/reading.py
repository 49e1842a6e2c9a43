"""Commands that read a release: what it says, where a number comes from, and why it moved.

Here: status, scorecard, trace, diff, whatif, history, query. Not here: layouts (pipelines.cli.render.tables).
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from assets.core.errors import Issue, UsageError
from assets.core.paths import Paths
from pipelines.cli.options import AsJson, InLanguage, parse_language, write_json

if TYPE_CHECKING:
    from assets.release.read.reader import Release


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
    from assets.release.publish.fingerprint import compute_fingerprint, load_fingerprint
    from assets.release.read import scorecards
    from assets.release.read.reader import get_current_release
    from pipelines.cli.render import tables
    from pipelines.observability import overdue

    language = parse_language(lang)
    paths = Paths.from_environment()
    release = get_current_release(paths)
    noted = load_fingerprint(paths)
    is_up_to_date = noted == (compute_fingerprint(paths), release.manifest.release_id)
    manifest = release.manifest
    with release.connect():
        late = overdue.find_overdue(release, (as_of or datetime.now()).date())
        datasets = release.rows(_RECEIVED)
        flags = scorecards.count_flags(release)
        noteworthy = _noteworthy(release)
    if as_json:
        told = {"release_id": manifest.release_id, "content_digest": manifest.content_digest}
        told |= {"released_at": manifest.run.released_at.isoformat(), "method_version": manifest.method_version}
        write_json(
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
    console.print(tables.render_datasets(datasets, language))
    console.print(tables.flags_count(flags, language), markup=False)
    counted = (
        "来源不一致：{source_conflicts}；更正：{applied_corrections}",
        "Sources differ: {source_conflicts}; corrections: {applied_corrections}",
    )
    console.print(counted[0 if language == "zh" else 1].format(**noteworthy))
    console.print(tables.render_overdue(late, language), style="yellow" if late else None, markup=False, soft_wrap=True)
    new = ("有尚未处理的改动，请运行 gancheng run", "There are changes not yet taken in; run: gancheng run")
    none = ("收件箱和登记表没有新的改动", "Nothing new in the inbox and the registry")
    console.print((none if is_up_to_date else new)[0 if language == "zh" else 1])


def scorecard(
    city: Annotated[str | None, typer.Argument(help="城市名称或代码。 Name or code of a city.")] = None,
    as_json: AsJson = False,
    lang: InLanguage = "zh",
) -> None:
    """全部城市的评分卡，或一个城市的每个指标。 The scorecard of all cities, or every indicator of one.

    例 Example: gancheng scorecard 南昌
    """
    from assets.release.read import scorecards
    from assets.release.read.lookup import find_city
    from assets.release.read.reader import get_current_release
    from pipelines.cli.render import tables

    language = parse_language(lang)
    release = get_current_release(Paths.from_environment())
    console = Console(highlight=False)
    if city is None:
        with release.connect():
            cities, dimensions, scores = scorecards.read_overview(release)
        if as_json:
            write_json(
                [{**row, "dimensions": [s for s in scores if s["city_code"] == row["city_code"]]} for row in cities]
            )
            return
        console.print(tables.render_cities(cities, dimensions, scores, language, console.width))
        console.print(tables.coverage_note(language), style="dim")
        return
    with release.connect():
        found = find_city(release, city)
        rows, awaiting = scorecards.read_city_scores(release, found["city_code"])
        held = scorecards.read_city_quarantine(release, found["city_code"])
        ranks = scorecards.read_city_ranks(release, found["city_code"])
    if as_json:
        write_json({"city": found, "indicators": rows, "awaiting_data": awaiting, "held_back": held, "ranks": ranks})
    else:
        console.print(tables.render_city_scorecard(found, rows, awaiting, language))
        for note in tables.flags_note(rows, held, language):
            console.print(note)
        console.print(tables.ranks_note(ranks, language))


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
    from assets.release.explain.score_trace import trace_score as find
    from assets.release.read.reader import get_release
    from pipelines.cli.render import trace

    language = parse_language(lang)
    paths = Paths.from_environment()
    found = find(get_release(paths, release), paths, city, item)
    if as_json:
        write_json(found)
    else:
        Console(highlight=False).print(trace.render_trace(found, language))


def diff(
    old: Annotated[str, typer.Argument(help="较早的发布。 The older release.")] = "previous",
    new: Annotated[str, typer.Argument(help="较新的发布。 The newer release.")] = "current",
    as_json: AsJson = False,
    lang: InLanguage = "zh",
) -> None:
    """两次发布之间变动的得分及原因。 Each score that moved between two releases, and why.

    例 Example: gancheng diff previous current
    """
    from assets.release.explain.differences import diff_releases
    from assets.release.read.reader import find_previous_release, get_release
    from pipelines.cli.render import trace

    language = parse_language(lang)
    paths = Paths.from_environment()
    newer = get_release(paths, new)
    older = find_previous_release(paths, newer) if old == "previous" else get_release(paths, old)
    changes, left = diff_releases(older, newer)
    ids = older.manifest.release_id, newer.manifest.release_id
    if as_json:
        write_json({"old": ids[0], "new": ids[1], "not_recomputed": left, "changes": changes})
    else:
        Console(highlight=False).print(trace.render_changes(*ids, changes, left, language))


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
    from assets.release.explain.scenario import EXAMPLE, rank_levers, run_scenario
    from assets.release.read.lookup import find_city
    from assets.release.read.reader import get_release
    from pipelines.cli.render import trace

    language = parse_language(lang)
    if (city is None) == (not assumed):
        raise UsageError(Issue("missing_assumption", expected=EXAMPLE))
    found = get_release(Paths.from_environment(), release)
    console = Console(highlight=False)
    if city is not None:
        place = find_city(found, city)
        best = rank_levers(found, place["city_code"])
        if as_json:
            write_json(best)
        else:
            console.print(trace.render_levers(place, best, language))
        return
    rows = run_scenario(found, assumed or [])
    if as_json:
        write_json(rows)
    else:
        console.print(trace.render_scenario(rows, language))


def history(
    city: Annotated[str, typer.Argument(help="城市名称或代码。 Name or code of a city.")],
    indicator: Annotated[str, typer.Argument(help="指标名称或代码。 Name or identifier of an indicator.")],
    as_json: AsJson = False,
    lang: InLanguage = "zh",
) -> None:
    """一个数字的全部版本：何时收到，何时被哪个文件取代，有何更正。 Every vintage of a figure, and what superseded it.

    例 Example: gancheng history 南昌 地区生产总值
    """
    from assets.release.explain import observation_history
    from assets.release.read.lookup import find_city, find_indicator
    from assets.release.read.reader import get_current_release
    from pipelines.cli.render import tables

    language = parse_language(lang)
    release = get_current_release(Paths.from_environment())
    found, about = find_city(release, city), find_indicator(release, indicator)
    rows = observation_history.read_observation_history(release, found["city_code"], about["indicator_id"])
    if as_json:
        write_json({"city": found, "indicator": about, "vintages": rows})
        return
    console = Console(highlight=False)
    console.print(f"{found[f'name_{language}']}  {about[f'name_{language}']} ({about['unit']})", style="bold")
    if rows:
        console.print(tables.render_history(rows, about, language))
        console.print(("时间为 UTC", "Times are UTC")[0 if language == "zh" else 1], style="dim")
    else:
        console.print(("尚无数字", "No figure so far")[0 if language == "zh" else 1])


def query(sql: Annotated[str, typer.Argument(help="SQL。")], as_json: AsJson = False) -> None:
    """对现行发布运行 SQL，只读。 Run SQL on the current release, read-only.

    例 Example: gancheng query "select city_code, mean_of_available from scorecards.city_scores"
    """
    from assets.release.read.reader import get_current_release
    from pipelines.cli.render import tables

    rows = get_current_release(Paths.from_environment()).rows(sql)
    if as_json:
        write_json(rows)
    else:
        Console(highlight=False).print(tables.render_rows(rows))


_RECEIVED = """
select dataset, count(*) as files, sum(rows_read)::bigint as rows_read, sum(rows_accepted)::bigint as rows_accepted,
    sum(rows_aggregate)::bigint as rows_aggregate, sum(rows_rejected)::bigint as rows_rejected
from intake.files group by dataset order by dataset
"""


def _noteworthy(release: Release) -> dict[str, int]:
    """How many figures have sources that differ, and how many a correction changed; 0 in a release of an older make."""
    told = {}
    for table in ("source_conflicts", "applied_corrections"):
        known = release.rows("from duckdb_tables() where schema_name = 'observations' and table_name = ?", [table])
        told[table] = release.rows(f"select count(*) as n from observations.{table}")[0]["n"] if known else 0
    return told
