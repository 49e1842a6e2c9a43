-- one row per city and indicator with a score of which one realistic step is known
-- definition: docs/commands.md, whatif; a step is the median over all cities of the change per year between two values
with neighbours as (
    select
        city_code,
        indicator_id,
        year,
        value,
        lag(value) over (
            partition by city_code, indicator_id
            order by year
            rows between unbounded preceding and current row
        ) as value_before,
        lag(year) over (
            partition by city_code, indicator_id
            order by year
            rows between unbounded preceding and current row
        ) as year_before
    from scorecards.attainment_history
),

steps as (
    select
        indicator_id,
        median(abs(value - value_before) / nullif(year - year_before, 0)) as step
    from neighbours
    where year_before is not null
    group by indicator_id
),

joined as (
    select
        scores.city_code,
        scores.indicator_id,
        scores.value,
        scores.year,
        scores.scope,
        scores.dimension_id,
        scores.attainment,
        steps.step,
        indicators.direction,
        indicators.minimum,
        indicators.maximum,
        indicators.decimals,
        indicators.unit,
        indicators.name_zh,
        indicators.name_en,
        goalposts.lower,
        goalposts.upper,
        goalposts.range_low,
        goalposts.range_high
    from scorecards.indicator_scores as scores
    inner join steps on scores.indicator_id = steps.indicator_id
    inner join reference.indicators as indicators on scores.indicator_id = indicators.indicator_id
    inner join reference.goalposts as goalposts on scores.indicator_id = goalposts.indicator_id
    where scores.attainment is not null and steps.step > 0
)

select * from joined
