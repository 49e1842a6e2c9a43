-- one row per part of a derived figure
-- definition: docs/method.md, derived indicators; each part with its name, source and the encoding of its file
with parts as (
    select
        parts.indicator_id,
        parts.city_code,
        parts.year,
        'numerator' as part,
        parts.numerator_id as part_id,
        parts.numerator_value as value,
        parts.numerator_qualifier as qualifier,
        parts.year as part_year,
        parts.numerator_source_id as source_id,
        parts.numerator_grade as source_grade,
        parts.numerator_file as file,
        parts.numerator_sha256 as file_sha256,
        parts.numerator_sheet as sheet,
        parts.numerator_line as line,
        parts.multiplier,
        parts.value as derived_value,
        parts.reported_value,
        parts.difference_pct
    from observations.derived_parts as parts
    union all
    select
        parts.indicator_id,
        parts.city_code,
        parts.year,
        'denominator' as part,
        parts.denominator_id as part_id,
        parts.denominator_value as value,
        parts.denominator_qualifier as qualifier,
        parts.denominator_year as part_year,
        parts.denominator_source_id as source_id,
        parts.denominator_grade as source_grade,
        parts.denominator_file as file,
        parts.denominator_sha256 as file_sha256,
        parts.denominator_sheet as sheet,
        parts.denominator_line as line,
        parts.multiplier,
        parts.value as derived_value,
        parts.reported_value,
        parts.difference_pct
    from observations.derived_parts as parts
),

named as (
    select
        parts.*,
        indicators.name_zh,
        indicators.name_en,
        indicators.unit,
        sources.publication_zh,
        sources.publication_en,
        sheets.encoding
    from parts
    inner join reference.indicators as indicators on parts.part_id = indicators.indicator_id
    inner join reference.sources as sources on parts.source_id = sources.source_id
    left join intake.sheets as sheets
        on
            indicators.dataset = sheets.dataset
            and parts.file_sha256 = sheets.file_sha256
            and parts.sheet is not distinct from sheets.sheet
)

select * from named
