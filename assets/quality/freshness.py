"""Late reports on a given day. They depend on the clock and so are not part of a release.

Here: the queries of `quality.freshness` for one day: what is late, due soon or partly sent. Not here: what arrived and
when the next year is due (sql/quality/freshness.sql), and notifications (pipelines.observability.alerts).
"""

from __future__ import annotations

_OWED = """
select
    freshness.dataset, datasets.name_zh, datasets.name_en,
    freshness.{year} as due_year, freshness.{due} as due_date,
    count(*) as cities,
    string_agg(cities.short_zh, '、' order by freshness.city_code) as cities_zh,
    string_agg(cities.name_en, ', ' order by freshness.city_code) as cities_en,
    departments.responsible_zh, departments.responsible_en
from quality.freshness as freshness
inner join intake.datasets as datasets on freshness.dataset = datasets.dataset
inner join (
    select dataset, string_agg(distinct responsible_zh, '、' order by responsible_zh) as responsible_zh,
        string_agg(distinct responsible_en, ', ' order by responsible_en) as responsible_en
    from reference.indicators
    group by dataset
) as departments on freshness.dataset = departments.dataset
inner join reference.cities as cities on freshness.city_code = cities.city_code
where {condition}
group by all
order by freshness.{due}, freshness.dataset, freshness.{year}
"""
_NEXT = {"year": "due_year", "due": "due_date"}
LATE_ON = _OWED.format(**_NEXT, condition="freshness.due_date < ?")
# Parameters: the day, and the last day that is near.
DUE_SOON_ON = _OWED.format(**_NEXT, condition="freshness.due_date between ? and ?")
# Years of which part came, without a signature that this is all. Parameter: the last day that is near.
PARTLY_SENT_ON = _OWED.format(
    year="last_year",
    due="last_due_date",
    condition="freshness.delivery = 'partly_sent' and freshness.last_due_date <= ?",
)
