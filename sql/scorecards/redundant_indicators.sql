-- one row per pair of indicators that give the cities almost the same order
-- definition: docs/method.md, checks of the registry; rank correlation (Spearman) over 0.95 in five cities or more
with current_values as (
    select
        scores.city_code,
        scores.indicator_id,
        indicators.direction * scores.value as oriented_value
    from scorecards.indicator_scores as scores
    inner join reference.indicators as indicators on scores.indicator_id = indicators.indicator_id
    where scores.attainment is not null
),

in_both as (
    select
        one.city_code,
        one.indicator_id,
        other.indicator_id as other_indicator_id,
        one.oriented_value as x,
        other.oriented_value as y
    from current_values as one
    inner join current_values as other
        on one.city_code = other.city_code and one.indicator_id < other.indicator_id
),

ranked as (
    select
        indicator_id,
        other_indicator_id,
        x,
        y,
        rank() over (
            partition by indicator_id, other_indicator_id order by x
            rows between unbounded preceding and current row
        ) as x_first,
        rank() over (
            partition by indicator_id, other_indicator_id order by y
            rows between unbounded preceding and current row
        ) as y_first,
        count(*) over (
            partition by indicator_id, other_indicator_id, x
            rows between unbounded preceding and unbounded following
        ) as x_equals,
        count(*) over (
            partition by indicator_id, other_indicator_id, y
            rows between unbounded preceding and unbounded following
        ) as y_equals
    from in_both
),

doubled as (
    select
        indicator_id,
        other_indicator_id,
        -- twice the mean rank of equal values: a whole number
        2 * x_first + x_equals - 1 as x_place,
        2 * y_first + y_equals - 1 as y_place
    from ranked
),

summed as (
    select
        indicator_id,
        other_indicator_id,
        count(*) as cities,
        sum(x_place) as sx,
        sum(y_place) as sy,
        sum(x_place * x_place) as sxx,
        sum(y_place * y_place) as syy,
        sum(x_place * y_place) as sxy
    from doubled
    group by indicator_id, other_indicator_id
),

correlated as (
    select
        indicator_id,
        other_indicator_id,
        cities,
        cast(cities * sxy - sx * sy as double)
        / nullif(
            power(
                cast(cities * sxx - sx * sx as double) * cast(cities * syy - sy * sy as double), cast(0.5 as double)
            ),
            0
        ) as rank_correlation
    from summed
    where cities >= 5
),

redundant_indicators as (
    select
        indicator_id,
        other_indicator_id,
        cast(cities as integer) as cities,
        rank_correlation
    from correlated
    where rank_correlation > 0.95
)

select * from redundant_indicators
