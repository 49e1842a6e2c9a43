-- table: observations.observations
-- severity: error
-- zh: 每个城市、指标、年份、口径恰有一个现行版本
-- en: Every city, indicator, year and scope has exactly one current vintage
select
    city_code,
    indicator_id,
    year,
    scope,
    count(*) filter (where is_current) as current_vintages
from observations.observations
group by city_code, indicator_id, year, scope
having count(*) filter (where is_current) <> 1
