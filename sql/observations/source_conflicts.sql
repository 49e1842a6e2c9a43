-- one row per place, indicator, year and scope, and source that reports another value than the current one
-- definition: docs/method.md, vintages; the last total of each source counts; figures are compared with the
-- decimals of the registry
with last_of_source as (
    select
        vintages.*,
        sources.priority,
        files.arrival_sequence,
        cast(floor(vintages.value * power(1e1, indicators.decimals) + 0.5) as bigint) as value_scaled
    from observations.observation_vintages as vintages
    inner join reference.sources as sources on vintages.source_id = sources.source_id
    inner join reference.indicators as indicators on vintages.indicator_id = indicators.indicator_id
    inner join intake.files as files
        on indicators.dataset = files.dataset and vintages.file_sha256 = files.file_sha256
    where coalesce(vintages.correction_action, '') <> 'drop' and not vintages.is_progress
    qualify
        row_number() over (
            partition by
                vintages.indicator_id, vintages.city_code, vintages.province_code, vintages.year, vintages.scope,
                vintages.source_id
            order by vintages.vintage desc
            rows between unbounded preceding and current row
        ) = 1
),

source_conflicts as (
    select
        decided.indicator_id,
        decided.city_code,
        decided.province_code,
        decided.year,
        decided.scope,
        decided.value,
        decided.qualifier,
        decided.source_id,
        decided.file,
        decided.line,
        others.value as other_value,
        others.qualifier as other_qualifier,
        others.source_id as other_source_id,
        others.file as other_file,
        others.line as other_line,
        1e2 * (others.value - decided.value) / nullif(abs(decided.value), 0) as difference_pct,
        case
            when decided.priority < others.priority then 'priority'
            when decided.arrival_sequence > others.arrival_sequence then 'arrival'
            else 'line'
        end as decided_by
    from last_of_source as decided
    inner join last_of_source as others
        on
            decided.indicator_id = others.indicator_id
            and coalesce(decided.city_code, '') = coalesce(others.city_code, '')
            and coalesce(decided.province_code, '') = coalesce(others.province_code, '')
            and decided.year = others.year
            and decided.scope = others.scope
            and decided.source_id <> others.source_id
    where decided.is_current and decided.value_scaled <> others.value_scaled
)

select * from source_conflicts
