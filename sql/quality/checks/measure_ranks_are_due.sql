-- table: scorecards.measure_scores
-- severity: error
-- zh: 未报部分过多或篮内指标过少的措施没有名次
-- en: A measure with too much open or too few indicators has no rank
select
    scores.basket_id,
    scores.city_code,
    scores.measure_id,
    scores.open,
    scores.indicators_total,
    scores.rank
from scorecards.measure_scores as scores
cross join reference.parameters as parameters
where
    scores.rank is not null
    and (
        scores.open is null
        or scores.open > parameters.maximum_open
        or scores.indicators_total < parameters.minimum_group_indicators
    )
