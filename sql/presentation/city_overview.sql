-- one row per city
-- definition: docs/method.md, aggregation; names, place on the tile map and scores of a city
with named as (
    select
        cities.*,
        tiles.tile_row,
        tiles.tile_column,
        scores.index_status,
        scores.city_index,
        scores.city_index_geometric,
        scores.rank,
        scores.dimensions_scored,
        scores.dimensions_total,
        scores.minimum_dimensions_share,
        scores.indicators_listed,
        scores.indicators_with_data,
        scores.indicators_scored,
        scores.indicators_total,
        scores.indicators_stale,
        scores.achieved,
        scores.achieved_declining,
        scores.on_track,
        scores.moderate,
        scores.limited,
        scores.deteriorating,
        scores.oldest_year,
        scores.newest_year,
        scores.mean_of_available,
        scores.method_version,
        scores.reference_share,
        scores.non_primary_share
    from reference.cities as cities
    inner join scorecards.city_scores as scores on cities.city_code = scores.city_code
    left join reference.city_tiles as tiles on cities.city_code = tiles.city_code
)

select * from named
