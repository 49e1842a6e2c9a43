with scaled as (
    select
        observations.city_code,
        observations.indicator_id,
        indicators.dimension_id,
        indicators.weight,
        cast(floor(observations.value * power(10, decimals) + 0.5) as bigint) as value_scaled,
        cast(floor(goalposts.lower * power(10, decimals) + 0.5) as bigint) as floor_scaled,
        cast(floor(goalposts.upper * power(10, decimals) + 0.5) as bigint) as upper_scaled
    from {{ ref('observations') }} as observations
    inner join {{ ref('indicators') }} as indicators using (indicator_id)
    inner join {{ ref('goalposts') }} as goalposts using (indicator_id)
    cross join {{ ref('method') }} as method
    where
        observations.year <= method.assessment_year
        and method.assessment_year - observations.year <= indicators.maximum_age_years
    qualify row_number() over (
        partition by observations.city_code, observations.indicator_id order by observations.year desc
    ) = 1
)

select
    *,
    least(greatest(100 * cast(value_scaled - floor_scaled as double) / (upper_scaled - floor_scaled), 0), 100)
        as attainment
from scaled
