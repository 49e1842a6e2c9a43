"""The cover: which release this is, how to read it, and the list of sheets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from fractions import Fraction
from typing import Any

from assets.release.outputs.metadata import LICENCE_EN, LICENCE_ZH, ReleaseIdentity, ReleaseMetadata
from assets.release.outputs.rows import Row, fetch_row, read_rows
from assets.release.outputs.workbook.cell_styles import BAND, GREY, TITLE_FONT, Words, bilingual_text, make_style
from assets.release.outputs.workbook.sheet import PlacedSheet, WorkbookWriter, row_height
from assets.release.read.queries import read_view
from assets.warehouse.connection import Connection

NAME = "封面 Cover"
# With more cities, a sheet or a column for each is too much to read.
MAX_CITIES = 60

_LABELS_WIDTH, _TEXTS_WIDTH = 26, 92
_BEIJING_OFFSET = timedelta(hours=8)
_TITLE = make_style(**{**TITLE_FONT, "font_size": 26}, valign="vcenter", num_format="@")
_SUBTITLE = make_style(font_size=14, font_color=GREY, valign="vcenter", num_format="@")
_HEADING = make_style(**TITLE_FONT, font_size=12, bg_color=BAND, valign="vcenter", num_format="@")
_LABEL = make_style(bold=True, valign="top", num_format="@", text_wrap=True)
_TEXT = make_style(valign="top", num_format="@", text_wrap=True)
_LINK = make_style(valign="top", font_color="#1F5FA8", underline=1, num_format="@")

_WITHOUT_CITIES: Words = (
    f"城市多于 {MAX_CITIES} 个，本工作簿不为每个城市另列一表；请用 gancheng export --city 导出。",
    f"More than {MAX_CITIES} cities, and so no sheet for each; gancheng export --city writes the tables of one.",
)

Entry = tuple[Words, Words]


def write_cover(
    book: WorkbookWriter,
    sheet: Any,
    connection: Connection,
    metadata: ReleaseMetadata,
    release: ReleaseIdentity,
    cities: Sequence[Row],
    placed: Sequence[PlacedSheet],
) -> None:
    """Write the cover onto the first sheet; `placed` are the other sheets, which must be written before."""
    facts = _read_facts(connection, cities)
    sheet.set_column(0, 0, _LABELS_WIDTH)
    sheet.set_column(1, 1, _TEXTS_WIDTH)
    title = (
        f"{metadata.places_zh}城市评分卡",
        f"City scorecards{', ' if metadata.places_en else ''}{metadata.places_en}",
    )
    book.write_across(sheet, 0, 1, title[0], _TITLE)
    book.write_across(sheet, 1, 1, title[1], _SUBTITLE)
    sheet.set_row(0, 42)
    sheet.set_row(1, 24)
    line = 3
    for heading, entries in (
        (("本次发布", "This release"), _release(facts, metadata, release)),
        (("怎样读", "How to read it"), _caveats(facts)),
    ):
        line = _write_section(book, sheet, line, heading, list(entries))
    line = _write_contents(book, sheet, line, placed, has_cities=facts["cities"] <= MAX_CITIES)
    sheet.print_area(0, 0, line - 1, 1)


def _write_section(book: WorkbookWriter, sheet: Any, line: int, heading: Words, entries: Sequence[Entry]) -> int:
    book.write_across(sheet, line, 1, "  ".join(heading), _HEADING)
    sheet.set_row(line, 20)
    for number, (label, text) in enumerate(entries, start=line + 1):
        sheet.write_string(number, 0, bilingual_text(label), book.formats.get(_LABEL))
        sheet.write_string(number, 1, bilingual_text(text), book.formats.get(_TEXT))
        sheet.set_row(
            number, row_height([(bilingual_text(label), _LABELS_WIDTH), (bilingual_text(text), _TEXTS_WIDTH)])
        )
    return line + len(entries) + 2


def _write_contents(
    book: WorkbookWriter, sheet: Any, line: int, placed: Sequence[PlacedSheet], *, has_cities: bool
) -> int:
    book.write_across(sheet, line, 1, "目录  Contents", _HEADING)
    sheet.set_row(line, 20)
    for number, page in enumerate(placed, start=line + 1):
        target = page.name.replace("'", "''")
        sheet.write_url(number, 0, f"internal:'{target}'!A1", book.formats.get(_LINK), page.name)
        text = f"{page.title[0]}  {page.title[1]}（{page.row_count:,} 行 rows）"
        sheet.write_string(number, 1, text, book.formats.get(_TEXT))
    line += len(placed) + 1
    if not has_cities:
        sheet.write_string(line, 1, bilingual_text(_WITHOUT_CITIES), book.formats.get(_TEXT))
        sheet.set_row(line, row_height([(bilingual_text(_WITHOUT_CITIES), _TEXTS_WIDTH)]))
        line += 1
    return line


def _read_facts(connection: Connection, cities: Sequence[Row]) -> Row:
    """Return the numbers on the cover."""
    datasets, flags = read_view(connection, "dataset_rows"), read_view(connection, "flag_counts")
    order = ["coverage desc nulls last", "indicators_scored desc", "city_code", "dimension_position"]
    scores = read_rows(connection, "dimension_score_rows", order)
    shares = [row["minimum_indicators_share"] for row in scores]
    years = [year for row in cities for year in (row["oldest_year"], row["newest_year"]) if year is not None]
    targets = fetch_row(
        connection,
        """
        select
            count(*) filter (where target_authority like 'policy%') as duties,
            count(*) filter (where target_authority = 'national') as national,
            count(*) filter (where target_authority = 'standard') as standard,
            count(*) filter (where target_authority = 'expired') as expired,
            count(*) filter (where target_authority = 'none') as without,
            count(*) filter (where source_grade <> 'A') as secondary,
            count(*) filter (where rules_agree = false) as disagreeing
        from scorecards.indicator_scores
        where value is not null
        """,
    )
    return {
        **fetch_row(connection, "from reference.parameters"),
        **targets,
        "cities": len(cities),
        "scored": sum(row["indicators_scored"] for row in cities),
        "countable": sum(row["indicators_total"] for row in cities),
        "stale": sum(row["indicators_stale"] for row in cities),
        "oldest": min(years, default=None),
        "newest": max(years, default=None),
        **{name: datasets[name].sum() for name in datasets.columns if name.startswith(("files", "rows_"))},
        "flags": flags["flags"].sum(),
        "quarantined": flags.loc[flags["severity"] == "blocking", "flags"].sum(),
        "best": scores[0],
        "least_share": min(shares),
        "most_share": max(shares),
        "is_ranked": not read_view(connection, "ranking_rows", ranking_status="ranked").empty,
        "errors_pending": fetch_row(
            connection, "select count(*) as n from quality.rejects where not coalesce(is_resolved, false)"
        )["n"],
    }


def _release(facts: Row, metadata: ReleaseMetadata, release: ReleaseIdentity) -> Iterator[Entry]:
    release_id, at = release.release_id, release.released_at
    yield ("发布编号", "Release"), (release_id, release_id)
    beijing = f"{at + _BEIJING_OFFSET:%Y-%m-%d %H:%M}"
    yield ("发布时间", "Released"), (f"{beijing}（北京时间）", f"{at:%Y-%m-%d %H:%M} UTC")
    version, year = facts["method_version"], facts["assessment_year"]
    yield (
        ("方法版本", "Method"),
        (
            f"{version}；评估年份 {year}，目标年份 {facts['horizon_year']}",
            f"Version {version}; assessed in {year}, horizon {facts['horizon_year']}",
        ),
    )
    if facts["oldest"] is not None:
        years = str(facts["newest"]) if facts["oldest"] == facts["newest"] else f"{facts['oldest']}–{facts['newest']}"
        yield ("计分数字的年份", "Years of the figures"), (f"{years} 年", years)
    yield (
        ("覆盖", "Coverage"),
        (
            f"{facts['cities']} 个城市；城市×计分指标 {facts['scored']}/{facts['countable']} 有得分",
            f"{facts['cities']} cities; city × indicator: {facts['scored']}/{facts['countable']} score",
        ),
    )
    yield (
        ("收到的数据", "What arrived"),
        (
            f"{facts['files']} 个文件（整个退回 {facts['files_refused']}），数据行 {facts['rows_read']:,} = "
            f"采用 {facts['rows_accepted']:,} + 合计另存 {facts['rows_aggregate']:,} + 退回 {facts['rows_rejected']:,}",
            f"{facts['files']} files ({facts['files_refused']} refused), rows {facts['rows_read']:,} = accepted "
            f"{facts['rows_accepted']:,} + set aside {facts['rows_aggregate']:,} + rejected {facts['rows_rejected']:,}",
        ),
    )
    yield ("输入的摘要", "Digest of the inputs"), (metadata.inputs_sha256, metadata.inputs_sha256)
    yield ("使用条件", "Terms"), (LICENCE_ZH, LICENCE_EN)


def _caveats(facts: Row) -> Iterator[Entry]:
    yield ("名次", "Ranks"), _ranking(facts)
    yield (
        ("覆盖 n/m", "Coverage n/m"),
        (
            "有得分的指标数/全部计分指标数，与得分同样重要。未达门槛的不发布得分，不是低分；缺数就写缺数，不估、"
            "不补、不当零分。",
            "Indicators with a score, of all that count: as important as the score. Below the threshold no score "
            "is published, "
            "which is not a low score. What is missing is said to be missing: never estimated, never zero.",
        ),
    )
    yield ("目标与参照", "Targets and references"), _target_authorities(facts)
    yield (
        ("状态", "Status"),
        (
            "两种规则并列：线性看每年变化，复合看增长率；“主用”是该指标登记的规则。两者不一致的有 "
            f"{facts['disagreeing']} 项。",
            "Two rules side by side: linear compares yearly changes, compound growth rates; the headline is the rule "
            f"registered for the indicator. They differ for {facts['disagreeing']} figures.",
        ),
    )
    yield (
        ("外推", "Projection"),
        (
            f"按近年直线外推到 {facts['horizon_year']} 年，附 {facts['interval_level']:.0%} "
            "预测区间和达到目标或参照值的概率；"
            "只说明照此下去会怎样，不是预言。",
            f"The straight line of recent years up to {facts['horizon_year']}, with its {facts['interval_level']:.0%} "
            "prediction interval and the probability that target or reference is met: what comes if all goes on "
            "as before.",
        ),
    )
    yield (
        ("数字的来源", "Sources"),
        (
            "每个数字都注明出版物、等级、文件和行。等级 A 正式文本或统计表，B 新闻转载，C 二手；现有数字中非 A "
            f"级 {facts['secondary']} 项。"
            f"陈旧不计分的 {facts['stale']} 项。",
            "Each figure names publication, grade, file and line. Grade A: official text or table, B: news copy "
            "of one, "
            f"C: secondary; {facts['secondary']} figures are not of grade A. {facts['stale']} are too old to score.",
        ),
    )
    yield (
        ("存疑与退回", "Flags and rejects"),
        (
            f"存疑 {facts['flags']} 处（其中扣留 {facts['quarantined']} 处，不计分）；待更正的错误 "
            f"{facts['errors_pending']} 处。",
            f"{facts['flags']} flags ({facts['quarantined']} figures held back, which do not score); "
            f"{facts['errors_pending']} faults wait to be corrected.",
        ),
    )


def _ranking(facts: Row) -> Words:
    """Return how to read the ranks, or why there are none."""
    if facts["is_ranked"]:
        return (
            "名次连同区间列在“名次 Ranks”；区间重叠的城市分不出先后，相差一两位没有意义。",
            "Ranks stand with their intervals on their own sheet; cities whose intervals overlap cannot be told apart.",
        )
    best = facts["best"]
    covered = f"{best['indicators_scored']}/{best['indicators_total']}"
    needed = _share(facts["least_share"])
    if facts["most_share"] != facts["least_share"]:
        needed += f"–{_share(facts['most_share'])}"
    return (
        f"本次没有名次：一个维度有 {needed} 以上的指标有够新的数字才发布得分，至少两个城市有得分才排名。"
        f"目前覆盖最高的是{best['city_zh']}的{best['name_zh']}，{covered}。各市报齐再算；"
        "“现有均分”不可用于排名。",
        f"No ranks in this release: a dimension gets a score where {needed} of its indicators or more have a "
        "figure recent "
        f"enough, and a rank where two cities have a score. The best covered is {best['name_en']} of "
        f"{best['city_en']}, {covered}. "
        "The mean of the figures there are is not for ranking.",
    )


def _share(share: float) -> str:
    return str(Fraction(share).limit_denominator(100))


def _target_authorities(facts: Row) -> Words:
    return (
        f"只有“本市目标”“省定目标”是任务。有数字的指标中：任务 {facts['duties']} 项，国家参照 {facts['national']} 项，"
        f"标准 {facts['standard']} 项，已过期的 {facts['expired']} 项，没有目标的 {facts['without']} 项。"
        "参照只供对照，不是城市的任务。",
        f"Only targets of the city or the province are duties. Of the figures there are, {facts['duties']} have one, "
        f"{facts['national']} a national reference, {facts['standard']} a standard, {facts['expired']} an "
        "expired target, "
        f"{facts['without']} none. References are for comparison, never duties.",
    )
