-- table: observations.observations
-- severity: error
-- zh: 每个城市、指标、年份、口径恰有一个现行版本；被扣留的没有
-- en: Every city, indicator, year and scope has exactly one current vintage, and none where it is held back
select
    city_code,
    indicator_id,
    year,
    scope,
    count(*) filter (where is_current) as current_vintages,
    count(*) filter (where is_held) as held_vintages
from observations.observations
group by city_code, indicator_id, year, scope
having count(*) filter (where is_current) + count(*) filter (where is_held) <> 1
