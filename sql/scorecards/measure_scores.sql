-- one row per city and measure, always all measures
-- definition: docs/method.md, aggregation; the score of a measure is that of its indicators
with members as (
    select
        scores.*,
        links.measure_id,
        scores.attainment is not null as is_scored,
        cast(floor(scores.weight * 1e6 + 0.5) as bigint) as weight_scaled,
        cast(floor(scores.attainment * 1e8 + 0.5) as bigint) as attainment_scaled,
        cast(floor(ln(1 + scores.attainment * 0.99) * 1e8 + 0.5) as bigint) as log_scaled
    from scorecards.indicator_scores as scores
    inner join reference.indicator_measures as links on scores.indicator_id = links.indicator_id
),

summed as (
    select
        city_code,
        measure_id,
        count(*) as indicators_linked,
        count(*) filter (where weight > 0) as indicators_total,
        count(*) filter (where value is not null) as indicators_with_data,
        count(*) filter (where target_authority <> 'none') as indicators_with_target,
        count(*) filter (where is_scored) as indicators_scored,
        count(*) filter (
            where is_scored and target_authority not in ('policy_city', 'policy_province')
        ) as without_duty,
        count(*) filter (where is_scored and source_grade <> 'A') as not_primary,
        min(year) filter (where is_scored) as oldest_year,
        max(year) filter (where is_scored) as newest_year,
        sum(weight_scaled) filter (where is_scored) as weights,
        sum(weight_scaled * attainment_scaled) filter (where is_scored) as weighted,
        sum(weight_scaled * log_scaled) filter (where is_scored) as weighted_logs
    from members
    group by city_code, measure_id
),

covered as (
    select
        cities.city_code,
        measures.measure_id,
        measures.dimension_id,
        parameters.minimum_measure_indicators_share as minimum_indicators_share,
        summed.oldest_year,
        summed.newest_year,
        coalesce(summed.indicators_linked, 0) as indicators_linked,
        coalesce(summed.indicators_total, 0) as indicators_total,
        coalesce(summed.indicators_with_data, 0) as indicators_with_data,
        coalesce(summed.indicators_with_target, 0) as indicators_with_target,
        coalesce(summed.indicators_scored, 0) as indicators_scored,
        cast(summed.indicators_scored as double) / nullif(summed.indicators_total, 0) as coverage,
        cast(summed.without_duty as double) / nullif(summed.indicators_scored, 0) as reference_share,
        cast(summed.not_primary as double) / nullif(summed.indicators_scored, 0) as non_primary_share,
        cast(summed.weighted as double) / nullif(cast(summed.weights as double) * 1e8, 0) as mean_of_available,
        -- rounded logarithms put a perfect mean above 100
        case
            when summed.weights > 0
                then
                    least(
                        (
                            exp(cast(summed.weighted_logs as double) / nullif(cast(summed.weights as double) * 1e8, 0))
                            - 1
                        )
                        / 0.99,
                        1e2
                    )
        end as geometric_mean_of_available
    from reference.cities as cities
    cross join reference.measures as measures
    cross join reference.parameters as parameters
    left join summed
        on cities.city_code = summed.city_code and measures.measure_id = summed.measure_id
),

thresholded as (
    select
        *,
        -- the tolerance lets two of three pass a threshold written as 0.6667
        indicators_scored > 0
        and indicators_with_target > 0
        and coverage >= minimum_indicators_share - 1e-4 as is_published
    from covered
),

measure_scores as (
    select
        city_code,
        measure_id,
        dimension_id,
        case
            when indicators_with_data = 0 then 'awaiting_data'
            when indicators_with_target = 0 then 'no_target'
            when is_published then 'scored'
            else 'not_available'
        end as score_status,
        case when is_published then mean_of_available end as score,
        cast(indicators_linked as integer) as indicators_linked,
        cast(indicators_with_data as integer) as indicators_with_data,
        cast(indicators_with_target as integer) as indicators_with_target,
        cast(indicators_scored as integer) as indicators_scored,
        cast(indicators_total as integer) as indicators_total,
        coverage,
        minimum_indicators_share,
        oldest_year,
        newest_year,
        reference_share,
        non_primary_share,
        mean_of_available,
        case when is_published then geometric_mean_of_available end as score_geometric
    from thresholded
)

select * from measure_scores
