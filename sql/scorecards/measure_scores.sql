-- one row per basket, city and measure, always all measures
-- definition: docs/method.md, ranges; the score of a measure is that of its indicators
with linked as (
    select
        scores.city_code,
        links.measure_id,
        count(*) as indicators_linked,
        count(scores.value) as indicators_with_data,
        count(*) filter (where scores.target_authority <> 'none') as indicators_with_target
    from scorecards.indicator_scores as scores
    inner join reference.indicator_measures as links on scores.indicator_id = links.indicator_id
    group by scores.city_code, links.measure_id
),

measure_scores as (
    select
        scores.basket_id,
        scores.city_code,
        measures.measure_id,
        measures.dimension_id,
        scores.score_status,
        scores.evidenced,
        scores.possible,
        scores.open,
        scores.lost,
        scores.rank,
        scores.best_rank,
        scores.worst_rank,
        cast(coalesce(linked.indicators_linked, 0) as integer) as indicators_linked,
        cast(coalesce(linked.indicators_with_data, 0) as integer) as indicators_with_data,
        cast(coalesce(linked.indicators_with_target, 0) as integer) as indicators_with_target,
        scores.indicators_scored,
        scores.indicators_total,
        cast(scores.indicators_scored as double) / nullif(scores.indicators_total, 0) as coverage,
        groups.mean_of_available,
        groups.oldest_year,
        groups.newest_year,
        groups.reference_share,
        groups.non_primary_share
    from scorecards.score_ranges as scores
    inner join scorecards.group_ranges as groups
        on
            scores.basket_id = groups.basket_id
            and scores.level = groups.level
            and scores.item_id = groups.item_id
            and scores.city_code = groups.city_code
    inner join reference.measures as measures
        on scores.level = 'measure' and scores.item_id = cast(measures.measure_id as varchar)
    left join linked
        on scores.city_code = linked.city_code and measures.measure_id = linked.measure_id
)

select * from measure_scores
