-- one row per preset, basket, city and dimension of which the basket has an indicator
-- definition: docs/method.md, presets; a geometric mean stays within its members, so that equal scores give themselves
with sums as (
    select
        basket_id,
        city_code,
        dimension_id,
        count(*) as indicators_total,
        count(*) filter (where is_scored) as indicators_scored,
        sum(weight_scaled) filter (where is_scored) as weights,
        sum(weight_scaled * attainment_scaled) as weighted,
        sum(
            weight_scaled * cast(floor(ln(cast(greatest(attainment_scaled, 1) as double) / 1e8) * 1e8 + 0.5) as bigint)
        ) filter (where is_scored) as weighted_logs,
        sum(
            weight_scaled
            * cast(floor(ln(1 + cast(attainment_scaled as double) * 0.99 / 1e8) * 1e8 + 0.5) as bigint)
        ) filter (where is_scored) as weighted_shifted_logs,
        cast(min(attainment_scaled) as double) / 1e8 as lowest,
        cast(max(attainment_scaled) as double) / 1e8 as highest
    from scorecards.basket_members
    group by basket_id, city_code, dimension_id
),

means as (
    select
        basket_id,
        city_code,
        dimension_id,
        indicators_total,
        indicators_scored,
        lowest,
        highest,
        cast(indicators_scored as double) / nullif(indicators_total, 0) as coverage,
        cast(weighted as double) / nullif(cast(weights as double) * 1e8, 0) as arithmetic,
        case
            when lowest > 0 then exp(cast(weighted_logs as double) / nullif(cast(weights as double) * 1e8, 0))
            else lowest
        end as geometric,
        (exp(cast(weighted_shifted_logs as double) / nullif(cast(weights as double) * 1e8, 0)) - 1)
        / 0.99 as geometric_shifted
    from sums
),

preset_dimensions as (
    select
        presets.preset_id,
        means.basket_id,
        means.city_code,
        means.dimension_id,
        cast(means.indicators_scored as integer) as indicators_scored,
        cast(means.indicators_total as integer) as indicators_total,
        case
            -- the tolerance lets two of three pass a share written as 0.6667
            when means.coverage < presets.minimum_dimension_coverage - 1e-4 then null
            when presets.indicator_mean = 'arithmetic' then means.arithmetic
            when presets.indicator_mean = 'geometric' then least(greatest(means.geometric, means.lowest), means.highest)
            else least(greatest(means.geometric_shifted, means.lowest), means.highest)
        end as score
    from reference.presets as presets
    cross join means
)

select * from preset_dimensions
