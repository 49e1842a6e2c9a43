-- one row per indicator that any city has a score in
-- definition: docs/report.md; the scored figures of all cities: the ends, the middle, and how many cities share an end
with spread as (
    select
        indicator_id,
        cast(count(*) as integer) as cities_scored,
        min(value) as lowest,
        max(value) as highest,
        median(value) as median,
        min(attainment) as worst_score,
        max(attainment) as best_score
    from scorecards.indicator_scores
    where attainment is not null
    group by indicator_id
),

shared as (
    select
        spread.indicator_id,
        cast(count(*) filter (where scores.attainment = spread.worst_score) as integer) as cities_worst,
        cast(count(*) filter (where scores.attainment = spread.best_score) as integer) as cities_best
    from spread
    inner join scorecards.indicator_scores as scores on spread.indicator_id = scores.indicator_id
    group by spread.indicator_id
),

joined as (
    select
        spread.*,
        shared.cities_worst,
        shared.cities_best
    from spread
    inner join shared on spread.indicator_id = shared.indicator_id
)

select * from joined
