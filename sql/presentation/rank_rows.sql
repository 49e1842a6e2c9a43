-- one row per ranking and city that has a rank in it
-- definition: docs/method.md, rank intervals; each rank with its interval, the score behind it and all names
with named as (
    select
        intervals.*,
        cities.name_zh as city_zh,
        cities.name_en as city_en,
        dimensions.position as dimension_position,
        dimensions.name_zh as dimension_zh,
        dimensions.name_en as dimension_en,
        case when intervals.level = 'index' then city_scores.city_index else dimension_scores.score end as score
    from scorecards.rank_intervals as intervals
    inner join reference.cities as cities on intervals.city_code = cities.city_code
    inner join scorecards.city_scores as city_scores on intervals.city_code = city_scores.city_code
    left join reference.dimensions as dimensions on intervals.dimension_id = dimensions.dimension_id
    left join scorecards.dimension_scores as dimension_scores
        on
            intervals.city_code = dimension_scores.city_code
            and intervals.dimension_id = dimension_scores.dimension_id
)

select * from named
