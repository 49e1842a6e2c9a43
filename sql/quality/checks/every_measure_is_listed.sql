-- table: scorecards.measure_scores
-- severity: error
-- zh: 每个城市都列出全部措施
-- en: Every city lists every measure
select
    cities.city_code,
    measures.measure_id
from reference.cities as cities
cross join reference.measures as measures
left join scorecards.measure_scores as scores
    on cities.city_code = scores.city_code and measures.measure_id = scores.measure_id
where scores.measure_id is null
