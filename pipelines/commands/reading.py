"""Commands that read a release: what it says, where a number comes from, and why it moved.

Here: status, scorecard, trace, diff, whatif, history, query. Not here: layouts (pipelines.terminal).
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from assets.errors import Finding, WrongCall
from assets.paths import Paths
from pipelines.commands.options import AsJson, InLanguage, language_of, write_json

if TYPE_CHECKING:
    from assets.release.reader import Release


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

    language = language_of(lang)
    paths = Paths.from_environment()
    release = required_release(paths)
    noted = remembered(paths)
    is_up_to_date = noted == (digest_inputs(paths), release.manifest.release_id)
    manifest = release.manifest
    with release.connect():
        late = lateness.late(release, (as_of or datetime.now()).date())
        datasets = release.rows(_RECEIVED)
        flags = scorecards.flag_counts(release)
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

    language = language_of(lang)
    release = required_release(Paths.from_environment())
    console = Console(highlight=False)
    if city is None:
        with release.connect():
            cities, dimensions, scores = scorecards.overview(release)
        if as_json:
            write_json(
                [{**row, "dimensions": [s for s in scores if s["city_code"] == row["city_code"]]} for row in cities]
            )
            return
        console.print(terminal.cities_table(cities, dimensions, scores, language, console.width))
        console.print(terminal.coverage_note(language), style="dim")
        return
    with release.connect():
        found = city_of(release, city)
        rows, awaiting = scorecards.of_city(release, found["city_code"])
        held = scorecards.held_of_city(release, found["city_code"])
        ranks = scorecards.ranks_of_city(release, found["city_code"])
    if as_json:
        write_json({"city": found, "indicators": rows, "awaiting_data": awaiting, "held_back": held, "ranks": ranks})
    else:
        console.print(terminal.city_scorecard(found, rows, awaiting, language))
        for note in terminal.flags_note(rows, held, language):
            console.print(note)
        console.print(terminal.ranks_note(ranks, language))


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

    language = language_of(lang)
    paths = Paths.from_environment()
    found = find(named_release(paths, release), paths, city, item)
    if as_json:
        write_json(found)
    else:
        Console(highlight=False).print(explaining.trace_tree(found, language))


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

    language = language_of(lang)
    paths = Paths.from_environment()
    newer = named_release(paths, new)
    older = previous_release(paths, newer) if old == "previous" else named_release(paths, old)
    changes, left = between(older, newer)
    ids = older.manifest.release_id, newer.manifest.release_id
    if as_json:
        write_json({"old": ids[0], "new": ids[1], "not_recomputed": left, "changes": changes})
    else:
        Console(highlight=False).print(explaining.changes_table(*ids, changes, left, language))


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

    language = language_of(lang)
    if (city is None) == (not assumed):
        raise WrongCall(Finding("whatif_nothing", expected=EXAMPLE))
    found = named_release(Paths.from_environment(), release)
    console = Console(highlight=False)
    if city is not None:
        place = city_of(found, city)
        best = levers(found, place["city_code"])
        if as_json:
            write_json(best)
        else:
            console.print(explaining.levers_table(place, best, language))
        return
    rows = assume(found, assumed or [])
    if as_json:
        write_json(rows)
    else:
        console.print(explaining.assumed_table(rows, language))


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

    language = language_of(lang)
    release = required_release(Paths.from_environment())
    found, about = city_of(release, city), indicator_of(release, indicator)
    rows = histories.history(release, found["city_code"], about["indicator_id"])
    if as_json:
        write_json({"city": found, "indicator": about, "vintages": rows})
        return
    console = Console(highlight=False)
    console.print(f"{found[f'name_{language}']}  {about[f'name_{language}']} ({about['unit']})", style="bold")
    if rows:
        console.print(terminal.history_table(rows, about, language))
        console.print(("时间为 UTC", "Times are UTC")[0 if language == "zh" else 1], style="dim")
    else:
        console.print(("尚无数字", "No figure so far")[0 if language == "zh" else 1])


def query(sql: Annotated[str, typer.Argument(help="SQL。")], as_json: AsJson = False) -> None:
    """对现行发布运行 SQL，只读。 Run SQL on the current release, read-only.

    例 Example: gancheng query "select city_code, available_mean from scorecards.city_scores"
    """
    from assets.release.reader import required_release
    from pipelines import terminal

    rows = required_release(Paths.from_environment()).rows(sql)
    if as_json:
        write_json(rows)
    else:
        Console(highlight=False).print(terminal.rows_table(rows))


_RECEIVED = """
select dataset, count(*) as files, sum(rows_read)::bigint as rows_read, sum(rows_accepted)::bigint as rows_accepted,
    sum(rows_set_aside)::bigint as rows_set_aside, sum(rows_rejected)::bigint as rows_rejected
from quality.files group by dataset order by dataset
"""


def _noteworthy(release: Release) -> dict[str, int]:
    """How many figures have sources that differ, and how many a correction changed; 0 in a release of an older make."""
    told = {}
    for table in ("source_conflicts", "corrections"):
        known = release.rows("from duckdb_tables() where schema_name = 'observations' and table_name = ?", [table])
        told[table] = release.rows(f"select count(*) as n from observations.{table}")[0]["n"] if known else 0
    return told
