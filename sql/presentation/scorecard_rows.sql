-- one row per city and indicator, with or without a value
-- definition: docs/method.md, attainment, targets, pace, projection; each indicator score with names and source
with placed as (
    select
        city_code,
        indicator_id,
        rank() over (
            partition by indicator_id
            order by attainment desc
            rows between unbounded preceding and current row
        ) as place
    from scorecards.indicator_scores
    where attainment is not null
),

named as (
    select
        scores.*,
        cities.name_zh as city_zh,
        cities.name_en as city_en,
        dimensions.position as dimension_position,
        dimensions.name_zh as dimension_zh,
        dimensions.name_en as dimension_en,
        indicators.dataset,
        indicators.name_zh,
        indicators.name_en,
        indicators.decimals,
        sources.publication_zh,
        sources.publication_en,
        projections.projection_status,
        projections.points as projection_points,
        projections.first_year as projection_first_year,
        projections.last_year as projection_last_year,
        projections.break_year,
        projections.scale as projection_scale,
        projections.change_per_year,
        projections.projected_year,
        projections.projected_value,
        projections.projected_low,
        projections.projected_high,
        projections.interval_level,
        projections.coverage_share,
        projections.coverage_forecasts,
        projections.probability_met,
        projections.expected_year,
        placed.place
    from scorecards.indicator_scores as scores
    inner join reference.cities as cities on scores.city_code = cities.city_code
    inner join reference.indicators as indicators on scores.indicator_id = indicators.indicator_id
    inner join reference.dimensions as dimensions on scores.dimension_id = dimensions.dimension_id
    left join reference.sources as sources on scores.source_id = sources.source_id
    left join scorecards.projections as projections
        on scores.city_code = projections.city_code and scores.indicator_id = projections.indicator_id
    left join placed on scores.city_code = placed.city_code and scores.indicator_id = placed.indicator_id
)

select * from named
