-- one row per registered indicator
-- definition: docs/method.md, attainment; the registry with goalposts, and how many cities have a value
with counted as (
    select
        indicator_id,
        count(*) as cities,
        count(value) as cities_with_value,
        count(attainment) as cities_scored,
        count(*) filter (where data_status = 'stale') as cities_stale,
        min(year) as oldest_year,
        max(year) as newest_year
    from scorecards.indicator_scores
    group by indicator_id
),

targeted as (
    select
        indicator_id,
        count(*) as targets
    from reference.targets
    group by indicator_id
),

named as (
    select
        indicators.*,
        dimensions.position as dimension_position,
        dimensions.name_zh as dimension_zh,
        dimensions.name_en as dimension_en,
        goalposts.lower,
        goalposts.upper,
        goalposts.range_low,
        goalposts.range_high,
        goalposts.tolerance,
        goalposts.class as goalposts_class,
        goalposts.year as goalposts_year,
        goalposts.justification_zh,
        goalposts.justification_en,
        coalesce(counted.cities, 0) as cities,
        coalesce(counted.cities_with_value, 0) as cities_with_value,
        coalesce(counted.cities_scored, 0) as cities_scored,
        coalesce(counted.cities_stale, 0) as cities_stale,
        counted.oldest_year,
        counted.newest_year,
        coalesce(targeted.targets, 0) as targets
    from reference.indicators as indicators
    inner join reference.dimensions as dimensions on indicators.dimension_id = dimensions.dimension_id
    left join reference.goalposts as goalposts on indicators.indicator_id = goalposts.indicator_id
    left join counted on indicators.indicator_id = counted.indicator_id
    left join targeted on indicators.indicator_id = targeted.indicator_id
)

select * from named
