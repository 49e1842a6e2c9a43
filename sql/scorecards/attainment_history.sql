-- one row per city, indicator and year that has a figure in the scope that scores
-- definition: docs/method.md, attainment; values are scaled to integers, so that equal figures have equal scores
with figures as (
    select
        observations.*,
        indicators.decimals,
        power(1e1, indicators.decimals) as scale
    from observations.current_observations as observations
    inner join reference.indicators as indicators
        on
            observations.indicator_id = indicators.indicator_id
            and observations.scope = indicators.scope
),

scaled as (
    select
        figures.*,
        goalposts.lower,
        goalposts.upper,
        goalposts.range_low,
        goalposts.range_high,
        goalposts.tolerance,
        goalposts.scale as goalposts_scale,
        cast(floor(figures.value * figures.scale + 0.5) as bigint) as value_scaled,
        cast(floor(goalposts.lower * figures.scale + 0.5) as bigint) as lower_scaled,
        cast(floor(goalposts.upper * figures.scale + 0.5) as bigint) as upper_scaled
    from figures
    left join reference.goalposts as goalposts on figures.indicator_id = goalposts.indicator_id
),

attained as (
    select
        *,
        case
            -- a value without a logarithm is beyond the goalpost nearer to zero
            when goalposts_scale = 'log' and value_scaled <= 0
                then case when lower_scaled < upper_scaled then cast(0 as double) else 1e2 end
            when goalposts_scale = 'log'
                then
                    1e2 * ln(cast(value_scaled as double) / nullif(cast(lower_scaled as double), 0))
                    / nullif(ln(cast(upper_scaled as double) / nullif(cast(lower_scaled as double), 0)), 0)
            when lower_scaled is not null and upper_scaled is not null
                then
                    1e2 * cast(value_scaled - lower_scaled as double)
                    / nullif(cast(upper_scaled - lower_scaled as double), 0)
            when tolerance is not null
                then 1e2 * (1 - greatest(range_low - value, 0, value - range_high) / nullif(tolerance, 0))
        end as unclipped
    from scaled
),

attainment_history as (
    select
        city_code,
        indicator_id,
        year,
        value,
        qualifier,
        scope,
        -- a value on its lower goalpost gets 0, not the -0 that a negative direction would give
        case
            when unclipped > 0 then least(unclipped, 1e2)
            when unclipped <= 0 then cast(0 as double)
        end as attainment,
        unclipped as unclipped_attainment,
        value_scaled,
        vintage,
        source_id,
        source_grade,
        note,
        file,
        file_sha256,
        sheet,
        line
    from attained
)

select * from attainment_history
