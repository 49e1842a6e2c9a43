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

-- of the reasons that a city gave instead of a figure the one of the last year, in the file that came last
last_gaps as (
    select
        gaps.city_code,
        gaps.indicator_id,
        gaps.year,
        gaps.reason
    from observations.reported_gaps as gaps
    inner join reference.indicators as indicators
        on gaps.indicator_id = indicators.indicator_id and gaps.scope = indicators.scope
    inner join intake.files as files
        on indicators.dataset = files.dataset and gaps.file_sha256 = files.file_sha256
    qualify
        row_number() over (
            partition by gaps.city_code, gaps.indicator_id
            order by gaps.year desc, files.arrival_sequence desc, gaps.sheet desc, gaps.line desc
            rows between unbounded preceding and current row
        ) = 1
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
        units.name_en as unit_en,
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
        placed.place,
        last_gaps.reason as gap_reason,
        last_gaps.year as gap_year
    from scorecards.indicator_scores as scores
    inner join reference.cities as cities on scores.city_code = cities.city_code
    inner join reference.indicators as indicators on scores.indicator_id = indicators.indicator_id
    inner join reference.dimensions as dimensions on scores.dimension_id = dimensions.dimension_id
    left join reference.sources as sources on scores.source_id = sources.source_id
    left join reference.terms as units on scores.unit = units.term and units.kind = 'unit'
    left join scorecards.projections as projections
        on scores.city_code = projections.city_code and scores.indicator_id = projections.indicator_id
    left join placed on scores.city_code = placed.city_code and scores.indicator_id = placed.indicator_id
    left join last_gaps
        on
            scores.city_code = last_gaps.city_code
            and scores.indicator_id = last_gaps.indicator_id
            and last_gaps.year > coalesce(scores.year, 0)
)

select * from named
