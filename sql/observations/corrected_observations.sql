-- one row per reported figure of a city or of an area above it
-- definition: docs/corrections.md; a dropped figure is kept as history and is never current; figures of districts and
-- running totals have tables of their own
with corrected as (
    select
        reported.city_code,
        reported.province_code,
        reported.indicator_id,
        reported.year,
        case entries.action
            when 'replace' then entries.value
            when 'scale' then reported.value * entries.factor
            else reported.value
        end as value,
        case when entries.action = 'replace' then cast(null as varchar) else reported.qualifier end as qualifier,
        reported.scope,
        reported.as_of,
        coalesce(entries.source_id, reported.source_id) as source_id,
        coalesce(entries.source_grade, reported.source_grade) as source_grade,
        reported.note,
        reported.file_sha256,
        reported.sheet,
        reported.line,
        entries.correction_id,
        entries.action as correction_action,
        case when entries.action in ('replace', 'scale') then reported.value end as original_value
    from observations.reported_observations as reported
    left join observations.correction_matches as matches
        on
            matches.has_expected_value
            and reported.indicator_id = matches.indicator_id
            and reported.city_code = matches.city_code
            and reported.year = matches.year
            and reported.scope = matches.scope
            and reported.source_id = matches.source_id
            and reported.file_sha256 = matches.file_sha256
            and coalesce(reported.sheet, '') = coalesce(matches.sheet, '')
            and reported.line = matches.line
    left join observations.correction_rules as entries on matches.correction_id = entries.correction_id
    where reported.district is null and reported.since_year is null
)

select * from corrected
