-- one row per reported figure, numbered by vintage
-- definition: docs/method.md, vintages; the source of higher priority is current, then the later arrival, then the
-- later line; a dropped figure is numbered before all others, progress before totals, and neither is ever current
with arrived as (
    select
        corrected.*,
        files.file,
        sources.priority,
        files.arrival_sequence,
        coalesce(corrected.correction_action = 'drop', false) as is_dropped,
        coalesce(
            corrected.as_of < cast(concat(cast(corrected.year as varchar), '-12-31') as date), false
        ) as is_progress
    from observations.corrected_observations as corrected
    inner join reference.indicators as indicators on corrected.indicator_id = indicators.indicator_id
    inner join intake.files as files
        on corrected.file_sha256 = files.file_sha256 and indicators.dataset = files.dataset
    inner join reference.sources as sources on corrected.source_id = sources.source_id
),

numbered as (
    select
        *,
        row_number() over (
            partition by indicator_id, city_code, province_code, year, scope
            order by
                is_dropped desc,
                is_progress desc,
                case when is_progress then as_of end asc,
                priority desc,
                arrival_sequence asc,
                sheet asc,
                line asc,
                value asc
            rows between unbounded preceding and current row
        ) as vintage,
        count(*) over (
            partition by indicator_id, city_code, province_code, year, scope
            rows between unbounded preceding and unbounded following
        ) as vintages
    from arrived
),

vintages as (
    select
        city_code,
        province_code,
        indicator_id,
        year,
        scope,
        cast(vintage as integer) as vintage,
        vintage = vintages and not is_dropped and not is_progress as is_current,
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
        line,
        correction_id,
        correction_action,
        original_value
    from numbered
)

select * from vintages
