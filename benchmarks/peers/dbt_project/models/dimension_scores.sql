with totals as (
    select dimension_id, count(*) as indicators_total from {{ ref('indicators') }} group by dimension_id
)

select
    scores.city_code,
    scores.dimension_id,
    sum(scores.weight * floor(scores.attainment * 1e8 + 0.5)) / (sum(scores.weight) * 1e8) as score
from {{ ref('indicator_scores') }} as scores
inner join totals using (dimension_id)
inner join {{ ref('dimensions') }} as dimensions using (dimension_id)
group by scores.city_code, scores.dimension_id
having {{ attained('count(*) / any_value(totals.indicators_total)', 'any_value(dimensions.minimum_indicators_share)') }}
