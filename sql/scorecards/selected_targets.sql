-- one row per city and indicator that has a target or a reference
-- definition: docs/method.md, targets; precedence: target of the city, of the province, of the nation, a standard,
-- a target whose year has passed
with ranked as (
    select
        applicable.*,
        row_number() over (
            partition by applicable.city_code, applicable.indicator_id
            order by
                applicable.precedence asc,
                -- the milestone nearest to the horizon; a standard without a year applies to the horizon
                abs(coalesce(applicable.year, parameters.horizon_year) - parameters.horizon_year) asc,
                -- a target for named cities replaces the one for all cities
                case when applicable.is_for_named_cities then 0 else 1 end asc,
                -- of two standards the stricter one
                indicators.direction * applicable.value desc,
                applicable.target_id asc
            rows between unbounded preceding and current row
        ) as position
    from scorecards.applicable_targets as applicable
    cross join reference.parameters as parameters
    inner join reference.indicators as indicators on applicable.indicator_id = indicators.indicator_id
),

selected_targets as (
    select
        city_code,
        indicator_id,
        target_id,
        kind,
        operator,
        value,
        value_high,
        year,
        authority,
        pace_year
    from ranked
    where position = 1
)

select * from selected_targets
