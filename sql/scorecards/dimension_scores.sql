-- one row per basket, city and dimension
-- definition: docs/method.md, ranges
with dimension_scores as (
    select
        scores.basket_id,
        scores.city_code,
        scores.item_id as dimension_id,
        scores.score_status,
        scores.evidenced,
        scores.possible,
        scores.open,
        scores.lost,
        scores.rank,
        scores.best_rank,
        scores.worst_rank,
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
    where scores.level = 'dimension'
)

select * from dimension_scores
