-- one row per ranking and city that has a rank in it
-- definition: docs/method.md, rank intervals; each rank with its interval, the range behind it and all names
with ranges as (
    select
        scores.city_code,
        scores.dimension_id,
        scores.evidenced,
        scores.possible,
        scores.best_rank,
        scores.worst_rank
    from scorecards.dimension_scores as scores
    inner join reference.baskets as baskets on scores.basket_id = baskets.basket_id
    where baskets.is_headline
    union all
    select
        scores.city_code,
        cast(null as varchar) as dimension_id,
        scores.evidenced,
        scores.possible,
        scores.best_rank,
        scores.worst_rank
    from scorecards.city_scores as scores
    inner join reference.baskets as baskets on scores.basket_id = baskets.basket_id
    where baskets.is_headline
),

named as (
    select
        intervals.*,
        cities.name_zh as city_zh,
        cities.name_en as city_en,
        dimensions.position as dimension_position,
        dimensions.name_zh as dimension_zh,
        dimensions.name_en as dimension_en,
        ranges.evidenced,
        ranges.possible,
        ranges.best_rank,
        ranges.worst_rank
    from scorecards.rank_intervals as intervals
    inner join reference.cities as cities on intervals.city_code = cities.city_code
    inner join ranges
        on
            intervals.city_code = ranges.city_code
            and coalesce(intervals.dimension_id, '') = coalesce(ranges.dimension_id, '')
    left join reference.dimensions as dimensions on intervals.dimension_id = dimensions.dimension_id
)

select * from named
