"""The cover: which release this is, how to read it, and what lies behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from assets.release.outputs.labels import Words
from assets.release.outputs.metadata import LICENCE_EN, LICENCE_ZH, ReleaseMetadata
from assets.release.outputs.workbook.cell_styles import BAND, GREY, TITLE_FONT, bilingual_text, make_style
from assets.release.outputs.workbook.queries import Row, fetch_row
from assets.release.outputs.workbook.sheet import PlacedSheet, WorkbookWriter, row_height
from assets.warehouse.connection import Connection

NAME = "封面 Cover"
# Beyond so many cities nobody leafs through a sheet each, or reads a column each.
MOST_CITIES = 60

_LABELS_WIDTH, _TEXTS_WIDTH = 26, 92
_CHINA = timedelta(hours=8)
_TITLE = make_style(**{**TITLE_FONT, "font_size": 26}, valign="vcenter", num_format="@")
_SUBTITLE = make_style(font_size=14, font_color=GREY, valign="vcenter", num_format="@")
_HEADING = make_style(**TITLE_FONT, font_size=12, bg_color=BAND, valign="vcenter", num_format="@")
_LABEL = make_style(bold=True, valign="top", num_format="@", text_wrap=True)
_TEXT = make_style(valign="top", num_format="@", text_wrap=True)
_LINK = make_style(valign="top", font_color="#1F5FA8", underline=1, num_format="@")

_WITHOUT_CITIES: Words = (
    f"城市多于 {MOST_CITIES} 个，本工作簿不为每个城市另列一表；请用 gancheng export --city 导出。",
    f"More than {MOST_CITIES} cities, and so no sheet for each; gancheng export --city writes the tables of one.",
)

Entry = tuple[Words, Words]


def write_cover(
    book: WorkbookWriter,
    sheet: Any,
    connection: Connection,
    about: ReleaseMetadata,
    made: tuple[str, datetime],
    placed: Sequence[PlacedSheet],
) -> None:
    """Write it onto the first sheet, when all that it lists stands."""
    facts = _read_facts(connection)
    sheet.set_column(0, 0, _LABELS_WIDTH)
    sheet.set_column(1, 1, _TEXTS_WIDTH)
    title = (f"{about.places_zh}城市评分卡", f"City scorecards{', ' if about.places_en else ''}{about.places_en}")
    book.put_across(sheet, 0, 1, title[0], _TITLE)
    book.put_across(sheet, 1, 1, title[1], _SUBTITLE)
    sheet.set_row(0, 42)
    sheet.set_row(1, 24)
    line = 3
    for heading, entries in (
        (("本次发布", "This release"), _release(facts, about, made)),
        (("怎样读", "How to read it"), _caveats(facts)),
    ):
        line = _write_section(book, sheet, line, heading, list(entries))
    line = _write_contents(book, sheet, line, placed, has_cities=facts["cities"] <= MOST_CITIES)
    sheet.print_area(0, 0, line - 1, 1)


def _write_section(book: WorkbookWriter, sheet: Any, line: int, heading: Words, entries: Sequence[Entry]) -> int:
    book.put_across(sheet, line, 1, "  ".join(heading), _HEADING)
    sheet.set_row(line, 20)
    for number, (label, told) in enumerate(entries, start=line + 1):
        sheet.write_string(number, 0, bilingual_text(label), book.formats.of(_LABEL))
        sheet.write_string(number, 1, bilingual_text(told), book.formats.of(_TEXT))
        sheet.set_row(
            number, row_height([(bilingual_text(label), _LABELS_WIDTH), (bilingual_text(told), _TEXTS_WIDTH)])
        )
    return line + len(entries) + 2


def _write_contents(
    book: WorkbookWriter, sheet: Any, line: int, placed: Sequence[PlacedSheet], *, has_cities: bool
) -> int:
    book.put_across(sheet, line, 1, "目录  Contents", _HEADING)
    sheet.set_row(line, 20)
    for number, page in enumerate(placed, start=line + 1):
        target = page.name.replace("'", "''")
        sheet.write_url(number, 0, f"internal:'{target}'!A1", book.formats.of(_LINK), page.name)
        told = f"{page.title[0]}  {page.title[1]}（{page.rows:,} 行 rows）"
        sheet.write_string(number, 1, told, book.formats.of(_TEXT))
    line += len(placed) + 1
    if not has_cities:
        sheet.write_string(line, 1, bilingual_text(_WITHOUT_CITIES), book.formats.of(_TEXT))
        sheet.set_row(line, row_height([(bilingual_text(_WITHOUT_CITIES), _TEXTS_WIDTH)]))
        line += 1
    return line


def _read_facts(connection: Connection) -> Row:
    """What the cover says in numbers."""
    return fetch_row(
        connection,
        """
        select parameters.*, cities.*, files.*, target_authorities.*, flags.*, best.*, ranked.number as rankings_ranked,
            faults.number as faults_pending
        from reference.parameters as parameters,
        (
            select
                count(*) as cities, sum(indicators_scored) as scored, sum(indicators_total) as countable,
                sum(indicators_with_data) as with_data, sum(indicators_listed) as listed,
                sum(indicators_stale) as stale, min(oldest_year) as oldest, max(newest_year) as newest
            from scorecards.city_scores
        ) as cities,
        (
            select count(*) as files, count(*) filter (where status = 'refused') as refused,
                coalesce(sum(rows_read), 0)::bigint as rows_read,
                coalesce(sum(rows_accepted), 0)::bigint as rows_accepted,
                coalesce(sum(rows_aggregate), 0)::bigint as rows_aggregate,
                coalesce(sum(rows_rejected), 0)::bigint as rows_rejected
            from intake.files
        ) as files,
        (
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
        ) as target_authorities,
        (
            select count(*) as flags, count(*) filter (where severity = 'blocking' and not is_approved) as held
            from quality.flags
        ) as flags,
        (
            select
                cities.name_zh as best_city_zh, cities.name_en as best_city_en, dims.name_zh as best_zh,
                dims.name_en as best_en, scores.indicators_scored || '/' || scores.indicators_total as best_covered,
                min(scores.minimum_indicators_share) over () as least_share,
                max(scores.minimum_indicators_share) over () as most_share
            from scorecards.dimension_scores as scores
            inner join reference.cities as cities on scores.city_code = cities.city_code
            inner join reference.dimensions as dims on scores.dimension_id = dims.dimension_id
            order by scores.coverage desc nulls last, scores.indicators_scored desc, scores.city_code, dims.position
            limit 1
        ) as best,
        (
            select count(*) as number from scorecards.rankings where ranking_status = 'ranked'
        ) as ranked,
        (
            select count(*) as number from intake.rejects where not coalesce(is_resolved, false)
        ) as faults
        """,
    )


def _release(facts: Row, about: ReleaseMetadata, made: tuple[str, datetime]) -> Iterator[Entry]:
    release_id, at = made
    yield ("发布编号", "Release"), (release_id, release_id)
    beijing = f"{at + _CHINA:%Y-%m-%d %H:%M}"
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
            f"{facts['files']} 个文件（整个退回 {facts['refused']}），数据行 {facts['rows_read']:,} = "
            f"采用 {facts['rows_accepted']:,} + 合计另存 {facts['rows_aggregate']:,} + 退回 {facts['rows_rejected']:,}",
            f"{facts['files']} files ({facts['refused']} refused), rows {facts['rows_read']:,} = accepted "
            f"{facts['rows_accepted']:,} + set aside {facts['rows_aggregate']:,} + rejected {facts['rows_rejected']:,}",
        ),
    )
    yield ("输入的摘要", "Digest of the inputs"), (about.inputs_sha256, about.inputs_sha256)
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
            f"存疑 {facts['flags']} 处（其中扣留 {facts['held']} 处，不计分）；待更正的错误 "
            f"{facts['faults_pending']} 处。",
            f"{facts['flags']} flags ({facts['held']} figures held back, which do not score); "
            f"{facts['faults_pending']} faults wait to be corrected.",
        ),
    )


def _ranking(facts: Row) -> Words:
    """Why there is none, or what the ranks are worth."""
    if facts["rankings_ranked"]:
        return (
            "名次连同区间列在“名次 Ranks”；区间重叠的城市分不出先后，相差一两位没有意义。",
            "Ranks stand with their intervals on their own sheet; cities whose intervals overlap cannot be told apart.",
        )
    needed = f"{_share(facts['least_share'])}"
    if facts["most_share"] != facts["least_share"]:
        needed += f"–{_share(facts['most_share'])}"
    return (
        f"本次没有名次：一个维度有 {needed} 以上的指标有够新的数字才发布得分，至少两个城市有得分才排名。"
        f"目前覆盖最高的是{facts['best_city_zh']}的{facts['best_zh']}，{facts['best_covered']}。各市报齐再算；"
        "“现有均分”不可用于排名。",
        f"No ranks in this release: a dimension gets a score where {needed} of its indicators or more have a "
        "figure recent "
        f"enough, and a rank where two cities have a score. The best covered is {facts['best_en']} of "
        f"{facts['best_city_en']}, {facts['best_covered']}. "
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
