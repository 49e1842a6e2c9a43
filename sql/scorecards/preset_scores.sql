-- one row per preset, basket and city, and for each of its dimensions
-- definition: docs/method.md, presets; the rules of published indices, for comparison
with members as (
    select
        scores.*,
        scores.score is not null as is_scored,
        cast(floor(dimensions.weight * 1e6 + 0.5) as bigint) as weight_scaled,
        cast(floor(scores.score * 1e8 + 0.5) as bigint) as score_scaled
    from scorecards.preset_dimensions as scores
    inner join reference.dimensions as dimensions on scores.dimension_id = dimensions.dimension_id
    where dimensions.is_in_index and dimensions.weight > 0
),

sums as (
    select
        preset_id,
        basket_id,
        city_code,
        sum(indicators_scored) as indicators_scored,
        sum(indicators_total) as indicators_total,
        count(*) filter (where is_scored) as dimensions_scored,
        sum(weight_scaled) filter (where is_scored) as weights,
        sum(weight_scaled * score_scaled) as weighted,
        sum(
            weight_scaled * cast(floor(ln(cast(greatest(score_scaled, 1) as double) / 1e8) * 1e8 + 0.5) as bigint)
        ) filter (where is_scored) as weighted_logs,
        sum(
            weight_scaled * cast(floor(ln(1 + cast(score_scaled as double) * 0.99 / 1e8) * 1e8 + 0.5) as bigint)
        ) filter (where is_scored) as weighted_shifted_logs,
        cast(min(score_scaled) as double) / 1e8 as lowest,
        cast(max(score_scaled) as double) / 1e8 as highest
    from members
    group by preset_id, basket_id, city_code
),

in_index as (
    select count(*) as dimensions_total
    from reference.dimensions
    where is_in_index and weight > 0
),

means as (
    select
        sums.preset_id,
        sums.basket_id,
        sums.city_code,
        sums.lowest,
        sums.highest,
        cast(sums.indicators_scored as double) / nullif(sums.indicators_total, 0) as coverage,
        cast(sums.dimensions_scored as double) / nullif(in_index.dimensions_total, 0) as dimensions_share,
        cast(sums.weighted as double) / nullif(cast(sums.weights as double) * 1e8, 0) as arithmetic,
        case
            when sums.lowest > 0
                then exp(cast(sums.weighted_logs as double) / nullif(cast(sums.weights as double) * 1e8, 0))
            else sums.lowest
        end as geometric,
        (exp(cast(sums.weighted_shifted_logs as double) / nullif(cast(sums.weights as double) * 1e8, 0)) - 1)
        / 0.99 as geometric_shifted
    from sums
    cross join in_index
),

preset_scores as (
    select
        preset_id,
        basket_id,
        city_code,
        'dimension' as level,
        dimension_id as item_id,
        cast(indicators_scored as double) / nullif(indicators_total, 0) as coverage,
        score
    from scorecards.preset_dimensions
    union all
    select
        means.preset_id,
        means.basket_id,
        means.city_code,
        'index' as level,
        'all' as item_id,
        means.coverage,
        case
            when means.coverage < presets.minimum_index_coverage - 1e-4 then null
            when means.dimensions_share < presets.minimum_dimensions_share - 1e-4 then null
            when presets.dimension_mean = 'arithmetic' then means.arithmetic
            when presets.dimension_mean = 'geometric' then least(greatest(means.geometric, means.lowest), means.highest)
            else least(greatest(means.geometric_shifted, means.lowest), means.highest)
        end as score
    from means
    inner join reference.presets as presets on means.preset_id = presets.preset_id
)

select * from preset_scores
