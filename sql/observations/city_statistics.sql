-- one row per row of city_statistics
-- definition: data/contracts/city_statistics.yml, each row names its indicator
with reported as (
    select
        city_code,
        province_code,
        indicator as indicator_id,
        cast(year as integer) as year,
        value,
        value_qualifier as qualifier,
        scope,
        source_id,
        source_grade,
        note,
        file_sha256,
        sheet,
        line
    from intake.city_statistics
)

select * from reported
