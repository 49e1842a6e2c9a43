-- one row per figure of a row of parks
-- definition: data/contracts/parks.yml, each column is the indicator of its name
with figures as (
    select
        *,
        'parks.park_area_per_capita_m2' as indicator_id,
        park_area_per_capita_m2 as figure
    from intake.parks
    union all
    select
        *,
        'parks.green_coverage_pct' as indicator_id,
        green_coverage_pct as figure
    from intake.parks
    union all
    select
        *,
        'parks.green_space_pct' as indicator_id,
        green_space_pct as figure
    from intake.parks
    union all
    select
        *,
        'parks.park_service_coverage_pct' as indicator_id,
        park_service_coverage_pct as figure
    from intake.parks
    union all
    select
        *,
        'parks.tree_lined_road_pct' as indicator_id,
        tree_lined_road_pct as figure
    from intake.parks
    union all
    select
        *,
        'parks.pocket_parks_built' as indicator_id,
        pocket_parks_built as figure
    from intake.parks
    union all
    select
        *,
        'parks.open_lawn_parks' as indicator_id,
        open_lawn_parks as figure
    from intake.parks
    union all
    select
        *,
        'parks.greenway_length_km' as indicator_id,
        greenway_length_km as figure
    from intake.parks
),

reported as (
    select
        city_code,
        province_code,
        cast(indicator_id as varchar) as indicator_id,
        cast(year as integer) as year,
        cast(figure as double) as value,
        cast(null as varchar) as qualifier,
        scope,
        source_id,
        source_grade,
        note,
        file_sha256,
        sheet,
        line
    from figures
    where figure is not null
)

select * from reported
