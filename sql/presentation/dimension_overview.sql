-- one row per dimension
-- definition: docs/method.md, aggregation; how far the city with the most data gets towards a score
with counted as (
    select
        dimension_id,
        max(indicators_scored) as most_scored,
        max(indicators_total) as indicators_total,
        count(score) as cities_scored
    from scorecards.dimension_scores
    group by dimension_id
),

named as (
    select
        dimensions.*,
        counted.most_scored,
        counted.indicators_total,
        -- The smallest count that reaches the share; the small term allows for 2/3 of 6, which is not exactly 4.
        cast(
            -floor(-(dimensions.minimum_indicators_share * counted.indicators_total - 1e-9)) as integer
        ) as indicators_needed,
        counted.cities_scored
    from reference.dimensions as dimensions
    left join counted on dimensions.dimension_id = counted.dimension_id
)

select * from named
