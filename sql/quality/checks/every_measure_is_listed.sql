-- table: scorecards.measure_scores
-- severity: error
-- zh: 每个指标篮、每个城市都列出全部措施
-- en: Every basket and city lists every measure
select
    baskets.basket_id,
    cities.city_code,
    measures.measure_id
from reference.baskets as baskets
cross join reference.cities as cities
cross join reference.measures as measures
left join scorecards.measure_scores as scores
    on
        baskets.basket_id = scores.basket_id
        and cities.city_code = scores.city_code
        and measures.measure_id = scores.measure_id
where scores.measure_id is null
