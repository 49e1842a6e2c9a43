-- one row per area above the city and target that is set for the area as a whole
-- definition: docs/method.md, targets of the province; with the names of area, indicator, document and source
with named as (
    select
        compared.*,
        areas.name_zh as province_zh,
        areas.name_en as province_en,
        dimensions.position as dimension_position,
        indicators.name_zh,
        indicators.name_en,
        indicators.unit,
        indicators.decimals,
        targets.document_zh,
        documents.publication_en as document_en,
        sources.publication_zh,
        sources.publication_en
    from scorecards.province_targets as compared
    inner join reference.provinces as areas on compared.province_code = areas.province_code
    inner join reference.indicators as indicators on compared.indicator_id = indicators.indicator_id
    inner join reference.dimensions as dimensions on indicators.dimension_id = dimensions.dimension_id
    inner join reference.targets as targets on compared.target_id = targets.target_id
    inner join reference.sources as documents on targets.source_id = documents.source_id
    left join reference.sources as sources on compared.source_id = sources.source_id
)

select * from named
