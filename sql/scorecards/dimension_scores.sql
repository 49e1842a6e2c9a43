-- one row per city and dimension
-- definition: docs/method.md, aggregation; weights and attainments are scaled to integers, so that the sum is exact and
-- divided once
with members as (
    select
        *,
        attainment is not null as is_scored,
        cast(floor(weight * 1e6 + 0.5) as bigint) as weight_scaled,
        cast(floor(attainment * 1e8 + 0.5) as bigint) as attainment_scaled,
        -- the geometric mean is taken of scores shifted to 1..100; otherwise one zero would make it zero
        cast(floor(ln(1 + attainment * 0.99) * 1e8 + 0.5) as bigint) as log_scaled
    from scorecards.indicator_scores
    where weight > 0
),

summed as (
    select
        city_code,
        dimension_id,
        count(*) as indicators_total,
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
    group by city_code, dimension_id
),

covered as (
    select
        cities.city_code,
        dimensions.dimension_id,
        dimensions.minimum_indicators_share,
        summed.oldest_year,
        summed.newest_year,
        coalesce(summed.indicators_total, 0) as indicators_total,
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
    cross join reference.dimensions as dimensions
    left join summed
        on cities.city_code = summed.city_code and dimensions.dimension_id = summed.dimension_id
),

thresholded as (
    select
        *,
        -- the tolerance lets two of three pass a threshold written as 0.6667
        indicators_scored > 0 and coverage >= minimum_indicators_share - 1e-4 as is_published
    from covered
),

ranked as (
    select
        *,
        case when is_published then mean_of_available end as score,
        case when is_published then geometric_mean_of_available end as score_geometric,
        case
            when is_published
                then
                    rank() over (
                        partition by dimension_id, is_published
                        order by mean_of_available desc
                        rows between unbounded preceding and current row
                    )
        end as place
    from thresholded
),

dimension_scores as (
    select
        city_code,
        dimension_id,
        case
            when is_published then 'scored'
            when indicators_scored = 0 then 'awaiting_data'
            else 'not_available'
        end as score_status,
        score,
        score_geometric,
        cast(place as integer) as rank,
        cast(indicators_scored as integer) as indicators_scored,
        cast(indicators_total as integer) as indicators_total,
        coverage,
        minimum_indicators_share,
        oldest_year,
        newest_year,
        reference_share,
        non_primary_share,
        mean_of_available
    from ranked
)

select * from dimension_scores
