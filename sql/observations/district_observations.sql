-- one row per figure of a district or county
-- definition: data/contracts; what districts report is shown apart, and never added up to a city
with of_districts as (
    select
        reported.city_code,
        reported.province_code,
        reported.district,
        reported.indicator_id,
        reported.year,
        reported.scope,
        reported.since_year,
        reported.as_of,
        reported.value,
        reported.qualifier,
        reported.source_id,
        reported.source_grade,
        reported.note,
        files.file,
        reported.file_sha256,
        reported.sheet,
        reported.line
    from observations.reported_observations as reported
    inner join reference.indicators as indicators on reported.indicator_id = indicators.indicator_id
    inner join intake.files as files
        on reported.file_sha256 = files.file_sha256 and indicators.dataset = files.dataset
    where reported.district is not null
)

select * from of_districts
