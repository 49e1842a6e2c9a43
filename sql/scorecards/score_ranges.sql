-- one row per basket, city and scored item: a dimension, a measure, or the index
-- definition: docs/method.md, ranges; ranks are of the lower ends, among cities with little open
with ranges as (
    select
        basket_id,
        level,
        item_id,
        city_code,
        indicators_total,
        indicators_scored,
        evidenced_scaled,
        possible_scaled
    from scorecards.group_ranges
    where level <> 'basket'
    union all
    select
        basket_id,
        'index' as level,
        'all' as item_id,
        city_code,
        indicators_total,
        indicators_scored,
        evidenced_scaled,
        possible_scaled
    from scorecards.index_ranges
),

judged as (
    select
        ranges.*,
        case
            when ranges.indicators_total = 0 then 'not_in_basket'
            when ranges.evidenced_scaled is null then 'too_narrow'
            when ranges.indicators_scored = 0 then 'awaiting_data'
            when ranges.indicators_total < parameters.minimum_group_indicators then 'too_narrow'
            when ranges.possible_scaled - ranges.evidenced_scaled > floor(parameters.maximum_open * 1e8 + 0.5)
                then 'too_open'
            else 'ranked'
        end as score_status
    from ranges
    cross join reference.parameters as parameters
),

-- both ends of each ranked range, in one order: how many lower ends are above an upper end, and the reverse
ends as (
    select
        basket_id,
        level,
        item_id,
        city_code,
        evidenced_scaled as points,
        1 as is_lower
    from judged
    where score_status = 'ranked'
    union all
    select
        basket_id,
        level,
        item_id,
        city_code,
        possible_scaled as points,
        0 as is_lower
    from judged
    where score_status = 'ranked'
),

counted as (
    select
        *,
        sum(is_lower) over (
            partition by basket_id, level, item_id
            order by points desc, is_lower asc, city_code asc
            rows between unbounded preceding and current row
        ) as lower_ends_above,
        sum(1 - is_lower) over (
            partition by basket_id, level, item_id
            order by points asc, is_lower desc, city_code asc
            rows between unbounded preceding and current row
        ) as upper_ends_below
    from ends
),

bounds as (
    select
        basket_id,
        level,
        item_id,
        city_code,
        max(lower_ends_above) filter (where is_lower = 0) as certainly_ahead,
        max(upper_ends_below) filter (where is_lower = 1) as certainly_behind
    from counted
    group by basket_id, level, item_id, city_code
),

score_ranges as (
    select
        judged.basket_id,
        judged.level,
        judged.item_id,
        judged.city_code,
        judged.score_status,
        cast(judged.evidenced_scaled as double) / 1e8 as evidenced,
        cast(judged.possible_scaled as double) / 1e8 as possible,
        cast(judged.possible_scaled - judged.evidenced_scaled as double) / 1e8 as open,
        cast(10000000000 - judged.possible_scaled as double) / 1e8 as lost,
        case
            when judged.score_status = 'ranked'
                then
                    cast(
                        rank() over (
                            partition by judged.basket_id, judged.level, judged.item_id, judged.score_status
                            order by judged.evidenced_scaled desc
                            rows between unbounded preceding and current row
                        ) as integer
                    )
        end as rank,
        cast(bounds.certainly_ahead + 1 as integer) as best_rank,
        cast(
            count(bounds.city_code) over (
                partition by judged.basket_id, judged.level, judged.item_id
                rows between unbounded preceding and unbounded following
            ) - bounds.certainly_behind as integer
        ) as worst_rank,
        judged.indicators_total,
        judged.indicators_scored
    from judged
    left join bounds
        on
            judged.basket_id = bounds.basket_id
            and judged.level = bounds.level
            and judged.item_id = bounds.item_id
            and judged.city_code = bounds.city_code
)

select * from score_ranges
