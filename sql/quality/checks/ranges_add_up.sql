-- table: scorecards.dimension_scores
-- severity: error
-- zh: 已证实、未报与已失去三部分之和恰为 100 分
-- en: Evidenced, open and lost points add up to 100
with ranges as (
    select
        basket_id,
        city_code,
        dimension_id as item_id,
        evidenced,
        possible,
        open,
        lost
    from scorecards.dimension_scores
    union all
    select
        basket_id,
        city_code,
        cast(measure_id as varchar) as item_id,
        evidenced,
        possible,
        open,
        lost
    from scorecards.measure_scores
    union all
    select
        basket_id,
        city_code,
        'index' as item_id,
        evidenced,
        possible,
        open,
        lost
    from scorecards.city_scores
),

scaled as (
    select
        *,
        cast(floor(evidenced * 1e8 + 0.5) as bigint) as evidenced_scaled,
        cast(floor(possible * 1e8 + 0.5) as bigint) as possible_scaled,
        cast(floor(open * 1e8 + 0.5) as bigint) as open_scaled,
        cast(floor(lost * 1e8 + 0.5) as bigint) as lost_scaled
    from ranges
)

select
    basket_id,
    city_code,
    item_id,
    evidenced,
    possible,
    open,
    lost
from scaled
where
    evidenced_scaled + open_scaled + lost_scaled <> 10000000000
    or evidenced_scaled + open_scaled <> possible_scaled
    or (evidenced is null) <> (possible is null)
