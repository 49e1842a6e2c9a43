with totals as (
    select dimension_id, sum(weight) as weights from {{ ref('indicators') }} group by dimension_id
),

sums as (
    select city_code, dimension_id, sum(weight * floor(attainment * 1e8 + 0.5)) as weighted
    from {{ ref('indicator_scores') }}
    group by city_code, dimension_id
)

select
    cities.city_code,
    totals.dimension_id,
    floor(coalesce(sums.weighted, 0) / totals.weights + 0.5) / 1e8 as evidenced
from {{ ref('cities') }} as cities
cross join totals
left join sums on cities.city_code = sums.city_code and totals.dimension_id = sums.dimension_id
