-- one row per city
-- definition: docs/method.md, aggregation; the index uses only the six directions and is published with their number
with of_dimensions as (
    select
        scores.city_code,
        count(*) as dimensions_total,
        count(scores.score) as dimensions_scored,
        sum(cast(floor(dimensions.weight * 1e6 + 0.5) as bigint)) filter (where scores.score is not null) as weights,
        sum(
            cast(floor(dimensions.weight * 1e6 + 0.5) as bigint) * cast(floor(scores.score * 1e8 + 0.5) as bigint)
        ) filter (where scores.score is not null) as weighted,
        sum(
            cast(floor(dimensions.weight * 1e6 + 0.5) as bigint)
            * cast(floor(ln(1 + scores.score * 0.99) * 1e8 + 0.5) as bigint)
        ) filter (where scores.score is not null) as weighted_logs
    from scorecards.dimension_scores as scores
    inner join reference.dimensions as dimensions on scores.dimension_id = dimensions.dimension_id
    where dimensions.is_in_index
    group by scores.city_code
),

of_indicators as (
    select
        city_code,
        count(*) as indicators_listed,
        count(value) as indicators_with_data,
        count(*) filter (where weight > 0) as indicators_total,
        count(attainment) as indicators_scored,
        count(*) filter (where data_status = 'stale') as indicators_stale,
        count(*) filter (where status = 'achieved') as achieved,
        count(*) filter (where status = 'achieved_declining') as achieved_declining,
        count(*) filter (where status = 'on_track') as on_track,
        count(*) filter (where status = 'moderate') as moderate,
        count(*) filter (where status = 'limited') as limited,
        count(*) filter (where status = 'deteriorating') as deteriorating,
        count(*) filter (
            where attainment is not null and target_authority not in ('policy_city', 'policy_province')
        ) as without_duty,
        count(*) filter (where attainment is not null and source_grade <> 'A') as not_primary,
        min(year) filter (where attainment is not null) as oldest_year,
        max(year) filter (where attainment is not null) as newest_year,
        sum(cast(floor(weight * 1e6 + 0.5) as bigint)) filter (where attainment is not null) as weights,
        sum(
            cast(floor(weight * 1e6 + 0.5) as bigint) * cast(floor(attainment * 1e8 + 0.5) as bigint)
        ) filter (where attainment is not null) as weighted
    from scorecards.indicator_scores
    group by city_code
),

covered as (
    select
        cities.city_code,
        of_indicators.indicators_listed,
        of_indicators.indicators_with_data,
        of_indicators.indicators_total,
        of_indicators.indicators_scored,
        of_indicators.indicators_stale,
        of_indicators.achieved,
        of_indicators.achieved_declining,
        of_indicators.on_track,
        of_indicators.moderate,
        of_indicators.limited,
        of_indicators.deteriorating,
        of_indicators.oldest_year,
        of_indicators.newest_year,
        cast(of_indicators.without_duty as double) / nullif(of_indicators.indicators_scored, 0) as reference_share,
        cast(of_indicators.not_primary as double) / nullif(of_indicators.indicators_scored, 0) as non_primary_share,
        coalesce(of_dimensions.dimensions_total, 0) as dimensions_total,
        coalesce(of_dimensions.dimensions_scored, 0) as dimensions_scored,
        parameters.minimum_dimensions_share,
        parameters.method_version,
        cast(of_dimensions.weighted as double) / nullif(cast(of_dimensions.weights as double) * 1e8, 0) as mean,
        -- rounded logarithms put a perfect mean above 100
        case
            when of_dimensions.weights > 0
                then
                    least(
                        (
                            exp(
                                cast(of_dimensions.weighted_logs as double)
                                / nullif(cast(of_dimensions.weights as double) * 1e8, 0)
                            )
                            - 1
                        )
                        / 0.99,
                        1e2
                    )
        end as geometric_mean,
        cast(of_indicators.weighted as double)
        / nullif(cast(of_indicators.weights as double) * 1e8, 0) as mean_of_available,
        -- the tolerance lets two of three pass a threshold written as 0.6667
        coalesce(
            of_dimensions.dimensions_scored > 0
            and cast(of_dimensions.dimensions_scored as double) / nullif(of_dimensions.dimensions_total, 0)
            >= parameters.minimum_dimensions_share - 1e-4,
            false
        ) as is_published
    from reference.cities as cities
    cross join reference.parameters as parameters
    left join of_dimensions on cities.city_code = of_dimensions.city_code
    left join of_indicators on cities.city_code = of_indicators.city_code
),

ranked as (
    select
        *,
        case
            when is_published
                then
                    rank() over (
                        partition by is_published
                        order by mean desc
                        rows between unbounded preceding and current row
                    )
        end as place
    from covered
),

city_scores as (
    select
        city_code,
        case when is_published then 'scored' else 'not_available' end as index_status,
        case when is_published then mean end as city_index,
        case when is_published then geometric_mean end as city_index_geometric,
        cast(place as integer) as rank,
        cast(dimensions_scored as integer) as dimensions_scored,
        cast(dimensions_total as integer) as dimensions_total,
        minimum_dimensions_share,
        cast(coalesce(indicators_listed, 0) as integer) as indicators_listed,
        cast(coalesce(indicators_with_data, 0) as integer) as indicators_with_data,
        cast(coalesce(indicators_scored, 0) as integer) as indicators_scored,
        cast(coalesce(indicators_total, 0) as integer) as indicators_total,
        cast(coalesce(indicators_stale, 0) as integer) as indicators_stale,
        cast(coalesce(achieved, 0) as integer) as achieved,
        cast(coalesce(achieved_declining, 0) as integer) as achieved_declining,
        cast(coalesce(on_track, 0) as integer) as on_track,
        cast(coalesce(moderate, 0) as integer) as moderate,
        cast(coalesce(limited, 0) as integer) as limited,
        cast(coalesce(deteriorating, 0) as integer) as deteriorating,
        oldest_year,
        newest_year,
        mean_of_available,
        method_version,
        reference_share,
        non_primary_share
    from ranked
)

select * from city_scores
