-- one row per city, indicator, year, scope and vintage
-- definition: docs/method.md, vintages
with of_cities as (
    select
        city_code,
        indicator_id,
        year,
        scope,
        vintage,
        is_current,
        value,
        qualifier,
        source_id,
        source_grade,
        note,
        file,
        file_sha256,
        sheet,
        line,
        correction_id,
        correction_action,
        value_sent
    from observations.vintages
    where city_code is not null
)

select * from of_cities
