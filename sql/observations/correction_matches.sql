-- one row per correction and reported figure that it applies to
-- definition: docs/corrections.md; figures are compared to nine digits, because files hold rounding errors of binary
-- numbers; the last report of a source decides whether it has changed
with about as (
    select
        entries.correction_id,
        entries.value_expected,
        reported.indicator_id,
        reported.city_code,
        reported.year,
        reported.scope,
        reported.value,
        reported.source_id,
        reported.file_sha256,
        reported.sheet,
        reported.line,
        files.arrival_sequence
    from observations.correction_rules as entries
    inner join observations.reported_observations as reported
        on
            entries.indicator_id = reported.indicator_id
            and entries.city_code = reported.city_code
            and entries.year = reported.year
            and entries.scope = reported.scope
            and coalesce(entries.source_expected, reported.source_id) = reported.source_id
            and coalesce(entries.file_sha256, reported.file_sha256) = reported.file_sha256
            and coalesce(entries.line, reported.line) = reported.line
            and coalesce(entries.sheet, reported.sheet, '') = coalesce(reported.sheet, '')
    inner join intake.files as files
        on entries.dataset = files.dataset and reported.file_sha256 = files.file_sha256
    where reported.district is null and reported.since_year is null
),

compared as (
    select
        *,
        abs(value - value_expected) <= 1e-9 * greatest(abs(value), abs(value_expected)) as has_expected_value,
        row_number() over (
            partition by correction_id, source_id
            order by arrival_sequence desc, sheet desc, line desc, value desc
            rows between unbounded preceding and current row
        ) = 1 as is_last
    from about
),

judged as (
    select
        *,
        is_last and not has_expected_value and count(case when has_expected_value then 1 end) over (
            partition by correction_id, source_id
            rows between unbounded preceding and unbounded following
        ) > 0 as is_newer_than_correction
    from compared
),

correction_matches as (
    select
        correction_id,
        indicator_id,
        city_code,
        year,
        scope,
        value,
        source_id,
        file_sha256,
        sheet,
        line,
        has_expected_value,
        is_newer_than_correction
    from judged
)

select * from correction_matches
