-- one row per city and indicator that has a target or a reference
-- definition: docs/method.md, targets; a target of the city comes first, then the province's, the nation's, a standard,
-- and last one whose year has passed
with applying as (
    select
        cities.city_code,
        targets.*,
        method.horizon_year,
        targets.year is not null and targets.year < method.assessment_year as is_expired
    from reference.targets as targets
    cross join reference.method as method
    inner join reference.cities as cities
        on
            targets.scope = 'all'
            or (
                targets.scope = 'cities'
                and exists (
                    select 1
                    from reference.target_cities as named
                    where named.target_id = targets.target_id and named.city_code = cities.city_code
                )
            )
),

ranked as (
    select
        applying.*,
        case when applying.is_expired then 'expired' else applying.status end as standing,
        row_number() over (
            partition by applying.city_code, applying.indicator_id
            order by
                case
                    when applying.is_expired then 5
                    when applying.status = 'policy_city' then 1
                    when applying.status = 'policy_province' then 2
                    when applying.status = 'national' then 3
                    else 4
                end,
                -- the milestone nearest to the horizon; a standard without a year holds at the horizon
                abs(coalesce(applying.year, applying.horizon_year) - applying.horizon_year),
                -- of two standards the stricter one
                indicators.direction * applying.value desc,
                applying.target_id
            rows between unbounded preceding and current row
        ) as position
    from applying
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
        standing as status,
        case when is_expired or year is null then horizon_year else year end as pace_year
    from ranked
    where position = 1
)

select * from city_targets
