-- table: scorecards.city_scores
-- severity: error
-- zh: 有得分的方向不足门槛的城市没有指数
-- en: A city with too few scored dimensions has no index
select
    city_code,
    dimensions_scored,
    dimensions_total,
    minimum_dimensions_share,
    city_index
from scorecards.city_scores
where
    city_index is not null
    and (dimensions_total = 0 or dimensions_scored < (minimum_dimensions_share - 1e-4) * dimensions_total)
