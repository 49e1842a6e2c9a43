-- one row per dimension
-- definition: docs/method.md, ranges; how far the city with the most data gets in the headline basket
with counted as (
    select
        scores.dimension_id,
        max(scores.indicators_scored) as most_scored,
        max(scores.indicators_total) as indicators_total,
        count(scores.rank) as cities_ranked
    from scorecards.dimension_scores as scores
    inner join reference.baskets as baskets on scores.basket_id = baskets.basket_id
    where baskets.is_headline
    group by scores.dimension_id
),

named as (
    select
        dimensions.*,
        counted.most_scored,
        counted.indicators_total,
        counted.indicators_total >= parameters.minimum_group_indicators as is_wide_enough,
        counted.cities_ranked
    from reference.dimensions as dimensions
    cross join reference.parameters as parameters
    left join counted on dimensions.dimension_id = counted.dimension_id
)

select * from named
