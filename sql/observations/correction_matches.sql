-- one row per correction and reported figure that it is about
-- definition: docs/corrections.md; figures are equal to the ninth digit, since a file may carry the noise of a binary
-- number, and what a source said last decides whether it has changed
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
        files.received_order
    from observations.correction_entries as entries
    inner join observations.reported as reported
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
),

compared as (
    select
        *,
        abs(value - value_expected) <= 1e-9 * greatest(abs(value), abs(value_expected)) as is_expected,
        row_number() over (
            partition by correction_id, source_id
            order by received_order desc, sheet desc, line desc, value desc
            rows between unbounded preceding and current row
        ) = 1 as is_last
    from about
),

judged as (
    select
        *,
        is_last and not is_expected and count(case when is_expected then 1 end) over (
            partition by correction_id, source_id
            rows between unbounded preceding and unbounded following
        ) > 0 as is_overtaking
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
        is_expected,
        is_overtaking
    from judged
)

select * from correction_matches
