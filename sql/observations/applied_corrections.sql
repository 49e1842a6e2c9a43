-- one row per correction and figure that it corrects
-- definition: docs/corrections.md
with corrections as (
    select
        entries.correction_id,
        entries.dataset,
        entries.indicator_id,
        entries.city_code,
        entries.year,
        entries.scope,
        entries.action,
        coalesce(observations.original_value, observations.value) as original_value,
        case when entries.action <> 'drop' then observations.value end as value,
        matches.source_id as original_source_id,
        observations.source_id,
        entries.reason_zh,
        entries.reason_en,
        entries.decided_by,
        entries.decided_date,
        entries.entry_file,
        entries.entry_line,
        observations.file,
        observations.file_sha256,
        observations.sheet,
        observations.line,
        observations.vintage,
        observations.is_current
    from observations.correction_rules as entries
    inner join observations.correction_matches as matches
        on entries.correction_id = matches.correction_id and matches.has_expected_value
    inner join observations.city_observations as observations
        on
            entries.correction_id = observations.correction_id
            and matches.file_sha256 = observations.file_sha256
            and coalesce(matches.sheet, '') = coalesce(observations.sheet, '')
            and matches.line = observations.line
)

select * from corrections
