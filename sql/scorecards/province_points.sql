-- one row per area above the city and target that is set for it as a whole: the judged total and its base
-- definition: docs/method.md, targets of the province; an expired one is judged by the first total from its year on
with areas as (
    select distinct province_code
    from reference.cities
),

goals as (
    select
        areas.province_code,
        targets.*,
        indicators.direction,
        indicators.decimals,
        parameters.assessment_year,
        parameters.minimum_span_years,
        parameters.assessment_year - indicators.maximum_age_years as oldest_year,
        coalesce(indicators.base_year, parameters.default_base_year) as first_base_year,
        coalesce(targets.year, parameters.horizon_year) as pace_year,
        coalesce(targets.year < parameters.assessment_year, false) as is_expired
    from reference.targets as targets
    inner join reference.indicators as indicators on targets.indicator_id = indicators.indicator_id
    cross join reference.parameters as parameters
    cross join areas
    where targets.scope = 'province'
),

totals as (
    select
        observations.*,
        cast(floor(observations.value * power(1e1, indicators.decimals) + 0.5) as bigint) as value_scaled
    from observations.aggregate_observations as observations
    inner join reference.indicators as indicators
        on observations.indicator_id = indicators.indicator_id and observations.scope = indicators.scope
    where observations.is_current
),

years as (
    select
        goals.province_code,
        goals.target_id,
        case when goals.is_expired then min(totals.year) else max(totals.year) end as judged_year
    from goals
    inner join totals
        on
            goals.province_code = totals.province_code
            and goals.indicator_id = totals.indicator_id
            and goals.assessment_year >= totals.year
            and (not goals.is_expired or goals.year <= totals.year)
    group by goals.province_code, goals.target_id, goals.is_expired
),

judged as (
    select
        goals.*,
        totals.value as total_value,
        totals.year as total_year,
        totals.value_scaled,
        totals.source_id as total_source_id,
        totals.source_grade as total_source_grade,
        totals.file,
        totals.line,
        cast(floor(goals.value * power(1e1, goals.decimals) + 0.5) as bigint) as target_scaled,
        cast(floor(goals.value_high * power(1e1, goals.decimals) + 0.5) as bigint) as target_high_scaled
    from goals
    left join years on goals.province_code = years.province_code and goals.target_id = years.target_id
    left join totals
        on
            years.province_code = totals.province_code
            and goals.indicator_id = totals.indicator_id
            and years.judged_year = totals.year
),

-- figures before a break cannot be compared with later ones
breaks as (
    select
        judged.province_code,
        judged.target_id,
        max(broken.year) as year
    from judged
    inner join reference.series_breaks as broken
        on judged.indicator_id = broken.indicator_id and judged.total_year >= broken.year
    where broken.city_code is null
    group by judged.province_code, judged.target_id
),

base_years as (
    select
        judged.province_code,
        judged.target_id,
        min(totals.year) as base_year
    from judged
    inner join totals
        on judged.province_code = totals.province_code and judged.indicator_id = totals.indicator_id
    left join breaks on judged.province_code = breaks.province_code and judged.target_id = breaks.target_id
    where
        judged.kind <> 'cumulative'
        and totals.year >= judged.first_base_year
        and totals.year >= coalesce(breaks.year, totals.year)
        and judged.total_year - totals.year >= judged.minimum_span_years
    group by judged.province_code, judged.target_id
),

province_points as (
    select
        judged.province_code,
        judged.target_id,
        judged.indicator_id,
        judged.kind,
        judged.operator,
        judged.value as target_value,
        judged.value_high as target_value_high,
        judged.year as target_year,
        case when judged.is_expired then 'expired' else judged.authority end as authority,
        judged.direction,
        judged.pace_year,
        judged.target_scaled,
        judged.target_high_scaled,
        judged.total_value as value,
        judged.total_year as year,
        judged.value_scaled,
        judged.total_year < judged.oldest_year as is_stale,
        base_years.base_year,
        totals.value as base_value,
        totals.value_scaled as base_scaled,
        judged.total_source_id as source_id,
        judged.total_source_grade as source_grade,
        judged.file,
        judged.line
    from judged
    left join base_years on judged.province_code = base_years.province_code and judged.target_id = base_years.target_id
    left join totals
        on
            judged.province_code = totals.province_code
            and judged.indicator_id = totals.indicator_id
            and base_years.base_year = totals.year
)

select * from province_points
