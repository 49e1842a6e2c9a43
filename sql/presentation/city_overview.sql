-- one row per city
-- definition: docs/method.md, ranges; names, place on the tile map and scores of a city in the headline basket
with named as (
    select
        cities.*,
        tiles.tile_row,
        tiles.tile_column,
        scores.basket_id,
        scores.score_status,
        scores.evidenced,
        scores.possible,
        scores.open,
        scores.lost,
        scores.rank,
        scores.best_rank,
        scores.worst_rank,
        scores.dimensions_total,
        scores.dimensions_wide_enough,
        scores.indicators_scored,
        scores.indicators_total,
        scores.indicators_listed,
        scores.indicators_with_data,
        scores.indicators_stale,
        scores.achieved,
        scores.achieved_declining,
        scores.on_track,
        scores.moderate,
        scores.limited,
        scores.deteriorating,
        scores.met,
        scores.missed,
        scores.coverage,
        scores.mean_of_available,
        scores.oldest_year,
        scores.newest_year,
        scores.reference_share,
        scores.non_primary_share,
        scores.method_version
    from reference.cities as cities
    inner join scorecards.city_scores as scores on cities.city_code = scores.city_code
    inner join reference.baskets as baskets on scores.basket_id = baskets.basket_id
    left join reference.city_tiles as tiles on cities.city_code = tiles.city_code
    where baskets.is_headline
)

select * from named
