-- one row per city, indicator, year, scope and vintage
-- definition: docs/method.md, vintages; docs/plausibility.md, quarantine
with held as (
    select distinct
        city_code,
        indicator_id,
        year,
        scope,
        vintage
    from quality.flags
    where severity = 'blocking' and not is_approved
),

of_cities as (
    select
        vintages.city_code,
        vintages.indicator_id,
        vintages.year,
        vintages.scope,
        vintages.vintage,
        vintages.is_current and held.vintage is null as is_current,
        held.vintage is not null as is_quarantined,
        vintages.value,
        vintages.qualifier,
        vintages.as_of,
        vintages.is_progress,
        vintages.source_id,
        vintages.source_grade,
        vintages.note,
        vintages.file,
        vintages.file_sha256,
        vintages.sheet,
        vintages.line,
        vintages.correction_id,
        vintages.correction_action,
        vintages.original_value
    from observations.observation_vintages as vintages
    left join held
        on
            vintages.city_code = held.city_code
            and vintages.indicator_id = held.indicator_id
            and vintages.year = held.year
            and vintages.scope = held.scope
            and vintages.vintage = held.vintage
    where vintages.city_code is not null
)

select * from of_cities
