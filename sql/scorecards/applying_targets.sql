-- one row per city and target or reference that applies to it
-- definition: docs/method.md, targets; which one a city is compared with is decided in city_targets
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

standing as (
    select
        *,
        case when is_expired then 'expired' else status end as standing,
        case
            when is_expired then 5
            when status = 'policy_city' then 1
            when status = 'policy_province' then 2
            when status = 'national' then 3
            else 4
        end as precedence
    from applying
),

applying_targets as (
    select
        city_code,
        target_id,
        indicator_id,
        kind,
        operator,
        value,
        value_high,
        year,
        standing as status,
        cast(precedence as integer) as precedence,
        scope = 'cities' as is_for_named_cities,
        case when is_expired or year is null then horizon_year else year end as pace_year
    from standing
)

select * from applying_targets
