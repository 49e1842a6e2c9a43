select
    scores.city_code,
    sum(dimensions.weight * floor(scores.score * 1e8 + 0.5)) / (sum(dimensions.weight) * 1e8) as city_index
from {{ ref('dimension_scores') }} as scores
inner join {{ ref('dimensions') }} as dimensions using (dimension_id)
cross join {{ ref('method') }} as method
group by scores.city_code
having {{ attained(
    'count(*) / (select count(*) from ' ~ ref('dimensions') ~ ')', 'any_value(method.minimum_dimensions_share)'
) }}
