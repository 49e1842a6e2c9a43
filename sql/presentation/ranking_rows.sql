-- one row per ranking: the index and each dimension
-- definition: docs/method.md, rank intervals; whether a ranking has ranks, with the names of the dimensions
with named as (
    select
        rankings.*,
        dimensions.position as dimension_position,
        dimensions.name_zh,
        dimensions.name_en
    from scorecards.rankings as rankings
    left join reference.dimensions as dimensions on rankings.dimension_id = dimensions.dimension_id
)

select * from named
