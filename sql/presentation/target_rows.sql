-- one row per target or reference value
-- definition: docs/method.md, targets; with the names of indicator, dimension and source
with named as (
    select
        targets.*,
        dimensions.position as dimension_position,
        indicators.name_zh,
        indicators.name_en,
        sources.publication_zh,
        sources.publication_en
    from reference.targets as targets
    inner join reference.indicators as indicators on targets.indicator_id = indicators.indicator_id
    inner join reference.dimensions as dimensions on indicators.dimension_id = dimensions.dimension_id
    inner join reference.sources as sources on targets.source_id = sources.source_id
)

select * from named
