-- one row per city, indicator, year and scope that has a current figure, reported or derived
-- definition: docs/method.md, derived indicators; a figure is derived where none of its own stands, and scores like one
with standing as (
    select distinct
        city_code,
        indicator_id,
        year,
        scope
    from observations.city_observations
    where is_current or is_quarantined
),

reported as (
    select
        city_code,
        indicator_id,
        year,
        scope,
        vintage,
        false as is_derived,
        value,
        qualifier,
        source_id,
        source_grade,
        note,
        file,
        file_sha256,
        sheet,
        line
    from observations.city_observations
    where is_current
),

derived as (
    select
        parts.city_code,
        parts.indicator_id,
        parts.year,
        parts.scope,
        0 as vintage,
        true as is_derived,
        parts.value,
        parts.qualifier,
        parts.numerator_source_id as source_id,
        parts.source_grade,
        concat(
            '推算：',
            numerators.name_zh,
            '（',
            cast(parts.year as varchar),
            '）÷ ',
            denominators.name_zh,
            '（',
            cast(parts.denominator_year as varchar),
            '）'
        ) as note,
        parts.numerator_file as file,
        parts.numerator_sha256 as file_sha256,
        parts.numerator_sheet as sheet,
        parts.numerator_line as line
    from observations.derived_parts as parts
    inner join reference.indicators as numerators on parts.numerator_id = numerators.indicator_id
    inner join reference.indicators as denominators on parts.denominator_id = denominators.indicator_id
    left join standing
        on
            parts.city_code = standing.city_code
            and parts.indicator_id = standing.indicator_id
            and parts.year = standing.year
            and parts.scope = standing.scope
    where standing.city_code is null
),

current_observations as (
    select * from reported
    union all
    select * from derived
)

select * from current_observations
