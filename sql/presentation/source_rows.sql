-- one row per source
-- definition: docs/method.md, vintages; how many current values and how many targets rest on a source
with valued as (
    select
        source_id,
        count(*) as current_values
    from observations.city_observations
    where is_current
    group by source_id
),

targeted as (
    select
        source_id,
        count(*) as targets
    from reference.targets
    group by source_id
),

counted as (
    select
        sources.*,
        coalesce(valued.current_values, 0) as current_values,
        coalesce(targeted.targets, 0) as targets
    from reference.sources as sources
    left join valued on sources.source_id = valued.source_id
    left join targeted on sources.source_id = targeted.source_id
)

select * from counted
