-- one row per city and target or reference that applies to it
-- definition: docs/method.md, targets; which one a city is compared with is decided in selected_targets
with pairs as (
    select
        cities.city_code,
        targets.target_id
    from reference.targets as targets
    cross join reference.cities as cities
    where targets.scope = 'all'
    union all
    select
        named.city_code,
        named.target_id
    from reference.target_cities as named
    inner join reference.targets as targets on named.target_id = targets.target_id
    where targets.scope = 'cities'
),

applying as (
    select
        pairs.city_code,
        targets.*,
        parameters.horizon_year,
        targets.year is not null and targets.year < parameters.assessment_year as is_expired
    from pairs
    inner join reference.targets as targets on pairs.target_id = targets.target_id
    cross join reference.parameters as parameters
),

ranked as (
    select
        *,
        case when is_expired then 'expired' else authority end as current_authority,
        case
            when is_expired then 5
            when authority = 'policy_city' then 1
            when authority = 'policy_province' then 2
            when authority = 'national' then 3
            else 4
        end as precedence
    from applying
),

applicable_targets as (
    select
        city_code,
        target_id,
        indicator_id,
        kind,
        operator,
        value,
        value_high,
        year,
        current_authority as authority,
        cast(precedence as integer) as precedence,
        scope = 'cities' as is_for_named_cities,
        coalesce(year, horizon_year) as pace_year
    from ranked
)

select * from applicable_targets
