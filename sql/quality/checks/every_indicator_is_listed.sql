-- table: scorecards.indicator_scores
-- severity: error
-- zh: 每个城市都列出全部指标，没有数据的也在内
-- en: Every city lists every indicator, with or without a figure
select
    cities.city_code,
    indicators.indicator_id
from reference.cities as cities
cross join reference.indicators as indicators
left join scorecards.indicator_scores as scores
    on cities.city_code = scores.city_code and indicators.indicator_id = scores.indicator_id
where scores.indicator_id is null
