with summed as (
    select
        unit,
        year,
        sum(cast(floor(length_km * 100 + 0.5) as bigint)) as hundredths,
        sum(cast(floor(length_km * 100 + 0.5) as bigint)) filter (where is_renewed) as renewed
    from {{ ref('accepted_segments') }}
    group by unit, year
),

figures as (
    select unit, year, 'figures.' || name as indicator_id, value
    from (
        unpivot {{ ref('accepted_figures') }} on columns('^i[0-9]+$') into name name value value
    )
    union all
    select unit, year, 'segments.length_km', hundredths / 100.0 from summed
    union all
    select unit, year, 'segments.renewed_pct', 100.0 * coalesce(renewed, 0) / nullif(hundredths, 0) from summed
)

select cities.city_code, figures.indicator_id, figures.year, cast(figures.value as double) as value
from figures
inner join {{ ref('cities') }} as cities on figures.unit = cities.name_zh
where figures.value is not null
