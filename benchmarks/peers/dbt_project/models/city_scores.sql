with narrowest as (
    select min(indicators) as indicators
    from (select count(*) as indicators from {{ ref('indicators') }} group by dimension_id)
)

select
    scores.city_code,
    floor(sum(dimensions.weight * floor(scores.evidenced * 1e8 + 0.5)) / sum(dimensions.weight) + 0.5) / 1e8
        as evidenced
from {{ ref('dimension_scores') }} as scores
inner join {{ ref('dimensions') }} as dimensions using (dimension_id)
cross join {{ ref('method') }} as method
cross join narrowest
where narrowest.indicators >= method.minimum_group_indicators
group by scores.city_code
