-- one row per indicator that does not discriminate between cities
-- definition: docs/method.md, checks of the registry; all cities with a figure meet its target, or have the same score
with counted as (
    select
        indicator_id,
        count(*) as cities,
        count(target_id) as cities_with_target,
        count(*) filter (where is_target_met) as cities_passing,
        count(*) filter (where attainment >= 100) as cities_at_full_score,
        min(attainment) as lowest_attainment,
        max(attainment) as highest_attainment
    from scorecards.indicator_scores
    where attainment is not null
    group by indicator_id
),

non_discriminating_indicators as (
    select
        indicator_id,
        cast(cities as integer) as cities,
        cities_with_target = cities and cities_passing = cities as is_met_by_all,
        cities_at_full_score = cities as is_full_score_for_all,
        lowest_attainment = highest_attainment as is_equal_for_all,
        lowest_attainment,
        highest_attainment
    from counted
    where
        cities >= 2
        and ((cities_with_target = cities and cities_passing = cities) or lowest_attainment = highest_attainment)
)

select * from non_discriminating_indicators
