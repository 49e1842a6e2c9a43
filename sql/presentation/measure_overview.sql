-- one row per measure of the policy
-- definition: docs/method.md, ranges; how far the city with the most data gets in the headline basket
with counted as (
    select
        scores.measure_id,
        max(scores.indicators_linked) as indicators_linked,
        max(scores.indicators_with_data) as most_with_data,
        max(scores.indicators_with_target) as most_with_target,
        max(scores.indicators_scored) as most_scored,
        max(scores.indicators_total) as indicators_total,
        count(scores.rank) as cities_ranked
    from scorecards.measure_scores as scores
    inner join reference.baskets as baskets on scores.basket_id = baskets.basket_id
    where baskets.is_headline
    group by scores.measure_id
),

named as (
    select
        measures.*,
        dimensions.position as dimension_position,
        dimensions.name_zh as dimension_zh,
        dimensions.name_en as dimension_en,
        counted.indicators_linked,
        counted.most_with_data,
        counted.most_with_target,
        counted.most_scored,
        counted.indicators_total,
        counted.cities_ranked
    from reference.measures as measures
    inner join reference.dimensions as dimensions on measures.dimension_id = dimensions.dimension_id
    left join counted on measures.measure_id = counted.measure_id
)

select * from named
