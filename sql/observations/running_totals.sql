-- one row per running total of several years
-- definition: data/contracts, since_year; a running total is shown, and never the value of a year
with running_totals as (
    select
        reported.city_code,
        reported.province_code,
        reported.indicator_id,
        reported.since_year,
        reported.year,
        reported.scope,
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
    where reported.district is null and reported.since_year is not null
)

select * from running_totals
