-- one row per source of figures
-- definition: docs/method.md, measurement; how far a source's figures are from those that replace them
with revisions as (
    select
        earlier.source_id,
        later.value / nullif(earlier.value, 0) - 1 as relative_change
    from observations.observation_vintages as earlier
    inner join observations.observation_vintages as later
        on
            earlier.indicator_id = later.indicator_id
            and earlier.city_code = later.city_code
            and earlier.year = later.year
            and earlier.scope = later.scope
            and earlier.vintage + 1 = later.vintage
    -- a correction mends a fault of one file; it says nothing about the source
    where earlier.correction_id is null and later.correction_id is null
),

spread as (
    select
        source_id,
        count(*) as revisions,
        sum(cast(floor(relative_change * relative_change * 1e10 + 0.5) as bigint)) as squares
    from revisions
    where abs(relative_change) < 1
    group by source_id
),

sources as (
    select distinct source_id
    from observations.observation_vintages
),

measurement_errors as (
    select
        sources.source_id,
        cast(coalesce(spread.revisions, 0) as integer) as revisions,
        case
            when spread.revisions >= parameters.measurement_revisions_min
                then power(cast(spread.squares as double) / 1e10 / nullif(spread.revisions, 0), 5e-1)
        end as relative_error
    from sources
    cross join reference.parameters as parameters
    left join spread on sources.source_id = spread.source_id
)

select * from measurement_errors
