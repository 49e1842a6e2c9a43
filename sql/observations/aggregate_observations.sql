-- one row per area above the city, indicator, year, scope and vintage
-- definition: docs/method.md, totals; totals are shown and compared with sums; they never score
with of_provinces as (
    select
        province_code,
        indicator_id,
        year,
        scope,
        vintage,
        is_current,
        value,
        qualifier,
        as_of,
        is_progress,
        source_id,
        source_grade,
        note,
        file,
        file_sha256,
        sheet,
        line
    from observations.observation_vintages
    where province_code is not null
)

select * from of_provinces
