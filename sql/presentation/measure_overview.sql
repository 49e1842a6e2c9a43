-- one row per measure of the policy
-- definition: docs/method.md, aggregation; how far the city with the most data gets towards a score
with counted as (
    select
        measure_id,
        max(indicators_linked) as indicators_linked,
        max(indicators_with_data) as most_with_data,
        max(indicators_with_target) as most_with_target,
        max(indicators_scored) as most_scored,
        max(indicators_total) as indicators_total,
        count(score) as cities_scored
    from scorecards.measure_scores
    group by measure_id
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
        counted.cities_scored
    from reference.measures as measures
    inner join reference.dimensions as dimensions on measures.dimension_id = dimensions.dimension_id
    left join counted on measures.measure_id = counted.measure_id
)

select * from named
