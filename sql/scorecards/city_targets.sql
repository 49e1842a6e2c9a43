-- one row per city and indicator that has a target or a reference
-- definition: docs/method.md, targets; a target of the city comes first, then the province's, the nation's, a standard,
-- and last one whose year has passed
with ranked as (
    select
        applying.*,
        row_number() over (
            partition by applying.city_code, applying.indicator_id
            order by
                applying.precedence asc,
                -- the milestone nearest to the horizon; a standard without a year holds at the horizon
                abs(coalesce(applying.year, method.horizon_year) - method.horizon_year) asc,
                -- a city's own number replaces the one for all
                case when applying.is_for_named_cities then 0 else 1 end asc,
                -- of two standards the stricter one
                indicators.direction * applying.value desc,
                applying.target_id asc
            rows between unbounded preceding and current row
        ) as position
    from scorecards.applying_targets as applying
    cross join reference.method as method
    inner join reference.indicators as indicators on applying.indicator_id = indicators.indicator_id
),

city_targets as (
    select
        city_code,
        indicator_id,
        target_id,
        kind,
        operator,
        value,
        value_high,
        year,
        status,
        pace_year
    from ranked
    where position = 1
)

select * from city_targets
