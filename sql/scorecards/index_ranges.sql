-- one row per basket and city
-- definition: docs/method.md, ranges; the index exists where every direction has enough indicators in the basket
with summed as (
    select
        ranges.basket_id,
        ranges.city_code,
        count(*) as dimensions_total,
        count(*) filter (
            where ranges.indicators_total >= parameters.minimum_group_indicators
        ) as dimensions_wide_enough,
        sum(ranges.indicators_total) as indicators_total,
        sum(ranges.indicators_scored) as indicators_scored,
        sum(cast(floor(dimensions.weight * 1e6 + 0.5) as bigint)) as weights,
        sum(cast(floor(dimensions.weight * 1e6 + 0.5) as bigint) * ranges.evidenced_scaled) as weighted_evidenced,
        sum(cast(floor(dimensions.weight * 1e6 + 0.5) as bigint) * ranges.possible_scaled) as weighted_possible
    from scorecards.group_ranges as ranges
    inner join reference.dimensions as dimensions
        on ranges.level = 'dimension' and ranges.item_id = dimensions.dimension_id
    cross join reference.parameters as parameters
    where dimensions.is_in_index and dimensions.weight > 0
    group by ranges.basket_id, ranges.city_code
),

index_ranges as (
    select
        basket_id,
        city_code,
        cast(dimensions_total as integer) as dimensions_total,
        cast(dimensions_wide_enough as integer) as dimensions_wide_enough,
        cast(indicators_total as integer) as indicators_total,
        cast(indicators_scored as integer) as indicators_scored,
        case
            when dimensions_wide_enough = dimensions_total
                then
                    cast(
                        floor(cast(weighted_evidenced as double) / nullif(cast(weights as double), 0) + 0.5) as bigint
                    )
        end as evidenced_scaled,
        case
            when dimensions_wide_enough = dimensions_total
                then
                    cast(
                        floor(cast(weighted_possible as double) / nullif(cast(weights as double), 0) + 0.5) as bigint
                    )
        end as possible_scaled
    from summed
)

select * from index_ranges
