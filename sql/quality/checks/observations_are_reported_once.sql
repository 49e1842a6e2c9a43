-- table: observations.city_observations
-- severity: error
-- zh: 每个城市、指标、年份、口径恰有一个现行版本；被扣留的、全部被更正撤下的、只有进度数的除外
-- en: Every city, indicator, year and scope has one current vintage; none where quarantined, all dropped or progress
with counted as (
    select
        city_code,
        indicator_id,
        year,
        scope,
        count(*) filter (where is_current) as current_vintages,
        count(*) filter (where is_quarantined) as quarantined_vintages,
        count(*) filter (where coalesce(correction_action, '') <> 'drop' and not is_progress) as standing_vintages
    from observations.city_observations
    group by city_code, indicator_id, year, scope
)

select *
from counted
where current_vintages + quarantined_vintages <> least(standing_vintages, 1)
