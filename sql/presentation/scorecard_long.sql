-- one row per city and indicator, with or without a value
-- definition: docs/queries.md, scorecard_long and scorecard_wide; each indicator score with all its names joined
with named as (
    select
        scores.city_code,
        cities.name_zh as city_zh,
        cities.name_en as city_en,
        scores.dimension_id,
        dimensions.name_zh as dimension_zh,
        dimensions.name_en as dimension_en,
        scores.indicator_id,
        indicators.name_zh as indicator_zh,
        indicators.name_en as indicator_en,
        scores.data_status,
        scores.year,
        scores.value,
        scores.qualifier,
        scores.unit,
        units.name_en as unit_en,
        scores.scope,
        scopes.name_en as scope_en,
        scores.attainment,
        scores.target_operator,
        scores.target_value,
        scores.target_value_high,
        scores.target_year,
        scores.target_authority,
        scores.target_authority in ('policy_city', 'policy_province') as is_duty,
        scores.gap_to_target,
        scores.status,
        scores.trend,
        scores.source_id,
        sources.publication_zh,
        sources.publication_en,
        scores.source_grade,
        scores.file,
        scores.sheet,
        scores.line
    from scorecards.indicator_scores as scores
    inner join reference.cities as cities on scores.city_code = cities.city_code
    inner join reference.indicators as indicators on scores.indicator_id = indicators.indicator_id
    inner join reference.dimensions as dimensions on scores.dimension_id = dimensions.dimension_id
    left join reference.sources as sources on scores.source_id = sources.source_id
    left join reference.terms as units on scores.unit = units.term and units.kind = 'unit'
    left join reference.terms as scopes on scores.scope = scopes.term and scopes.kind = 'scope'
)

select * from named
