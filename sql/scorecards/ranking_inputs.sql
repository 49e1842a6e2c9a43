-- one row per city and indicator whose score counts in a published dimension score
-- definition: docs/method.md, rank intervals; values have the sign that makes higher better
with ranking_inputs as (
    select
        scores.city_code,
        scores.indicator_id,
        scores.dimension_id,
        scores.attainment,
        -- with a range, nearer to it is better, which its attainment measures
        case
            when goalposts.tolerance is not null then scores.attainment else indicators.direction * scores.value
        end as oriented_value,
        scores.weight,
        dimensions.weight as dimension_weight,
        dimensions.is_in_index and cities.index_status = 'scored' as counts_in_index
    from scorecards.indicator_scores as scores
    inner join scorecards.dimension_scores as published
        on scores.city_code = published.city_code and scores.dimension_id = published.dimension_id
    inner join scorecards.city_scores as cities on scores.city_code = cities.city_code
    inner join reference.dimensions as dimensions on scores.dimension_id = dimensions.dimension_id
    inner join reference.indicators as indicators on scores.indicator_id = indicators.indicator_id
    inner join reference.goalposts as goalposts on scores.indicator_id = goalposts.indicator_id
    where published.score_status = 'scored' and scores.attainment is not null
)

select * from ranking_inputs
