-- one row per basket and city
-- definition: docs/method.md, ranges; the index uses only the directions of 2030, the mean all indicators of the basket
with of_indicators as (
    select
        city_code,
        count(*) as indicators_listed,
        count(value) as indicators_with_data,
        count(*) filter (where data_status = 'stale') as indicators_stale,
        count(*) filter (where status = 'achieved') as achieved,
        count(*) filter (where status = 'achieved_declining') as achieved_declining,
        count(*) filter (where status = 'on_track') as on_track,
        count(*) filter (where status = 'moderate') as moderate,
        count(*) filter (where status = 'limited') as limited,
        count(*) filter (where status = 'deteriorating') as deteriorating,
        count(*) filter (where status = 'met') as met,
        count(*) filter (where status = 'missed') as missed
    from scorecards.indicator_scores
    group by city_code
),

city_scores as (
    select
        groups.basket_id,
        groups.city_code,
        coalesce(scores.score_status, 'not_in_basket') as score_status,
        scores.evidenced,
        scores.possible,
        scores.open,
        scores.lost,
        scores.rank,
        scores.best_rank,
        scores.worst_rank,
        coalesce(indices.dimensions_total, 0) as dimensions_total,
        coalesce(indices.dimensions_wide_enough, 0) as dimensions_wide_enough,
        groups.indicators_scored,
        groups.indicators_total,
        cast(coalesce(of_indicators.indicators_listed, 0) as integer) as indicators_listed,
        cast(coalesce(of_indicators.indicators_with_data, 0) as integer) as indicators_with_data,
        cast(coalesce(of_indicators.indicators_stale, 0) as integer) as indicators_stale,
        cast(coalesce(of_indicators.achieved, 0) as integer) as achieved,
        cast(coalesce(of_indicators.achieved_declining, 0) as integer) as achieved_declining,
        cast(coalesce(of_indicators.on_track, 0) as integer) as on_track,
        cast(coalesce(of_indicators.moderate, 0) as integer) as moderate,
        cast(coalesce(of_indicators.limited, 0) as integer) as limited,
        cast(coalesce(of_indicators.deteriorating, 0) as integer) as deteriorating,
        cast(coalesce(of_indicators.met, 0) as integer) as met,
        cast(coalesce(of_indicators.missed, 0) as integer) as missed,
        cast(groups.indicators_scored as double) / nullif(groups.indicators_total, 0) as coverage,
        groups.mean_of_available,
        groups.oldest_year,
        groups.newest_year,
        groups.reference_share,
        groups.non_primary_share,
        parameters.method_version
    from scorecards.group_ranges as groups
    cross join reference.parameters as parameters
    left join scorecards.score_ranges as scores
        on groups.basket_id = scores.basket_id and groups.city_code = scores.city_code and scores.level = 'index'
    left join scorecards.index_ranges as indices
        on groups.basket_id = indices.basket_id and groups.city_code = indices.city_code
    left join of_indicators on groups.city_code = of_indicators.city_code
    where groups.level = 'basket'
)

select * from city_scores
