-- table: scorecards.city_scores
-- severity: error
-- zh: 有方向在篮内指标不足时没有指数，未报部分过多时没有名次
-- en: Without enough indicators in every direction there is no index, and with too much open no rank
select
    scores.basket_id,
    scores.city_code,
    scores.dimensions_wide_enough,
    scores.dimensions_total,
    scores.open,
    scores.rank
from scorecards.city_scores as scores
cross join reference.parameters as parameters
where
    (scores.evidenced is not null and scores.dimensions_wide_enough < scores.dimensions_total)
    or (scores.rank is not null and (scores.open is null or scores.open > parameters.maximum_open))
