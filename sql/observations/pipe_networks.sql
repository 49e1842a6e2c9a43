-- one row per figure of a row of pipe_networks
-- definition: data/contracts/pipe_networks.yml, each column is the indicator of its name
with figures as (
    select
        *,
        'pipe_networks.water_coverage_pct' as indicator_id,
        water_coverage_pct as figure
    from intake.pipe_networks
    union all
    select
        *,
        'pipe_networks.gas_coverage_pct' as indicator_id,
        gas_coverage_pct as figure
    from intake.pipe_networks
    union all
    select
        *,
        'pipe_networks.drainage_density_km_per_km2' as indicator_id,
        drainage_density_km_per_km2 as figure
    from intake.pipe_networks
    union all
    select
        *,
        'pipe_networks.sewage_treatment_pct' as indicator_id,
        sewage_treatment_pct as figure
    from intake.pipe_networks
    union all
    select
        *,
        'pipe_networks.sewage_plant_treatment_pct' as indicator_id,
        sewage_plant_treatment_pct as figure
    from intake.pipe_networks
    union all
    select
        *,
        'pipe_networks.sewage_collection_pct' as indicator_id,
        sewage_collection_pct as figure
    from intake.pipe_networks
    union all
    select
        *,
        'pipe_networks.water_leakage_pct' as indicator_id,
        water_leakage_pct as figure
    from intake.pipe_networks
    union all
    select
        *,
        'pipe_networks.reclaimed_water_pct' as indicator_id,
        reclaimed_water_pct as figure
    from intake.pipe_networks
    union all
    select
        *,
        'pipe_networks.sludge_disposal_pct' as indicator_id,
        sludge_disposal_pct as figure
    from intake.pipe_networks
    union all
    select
        *,
        'pipe_networks.pipes_renewed_km' as indicator_id,
        pipes_renewed_km as figure
    from intake.pipe_networks
    union all
    select
        *,
        'pipe_networks.ageing_gas_pipes_km' as indicator_id,
        ageing_gas_pipes_km as figure
    from intake.pipe_networks
    union all
    select
        *,
        'pipe_networks.flood_points' as indicator_id,
        flood_points as figure
    from intake.pipe_networks
    union all
    select
        *,
        'pipe_networks.smart_monitored_pipes_pct' as indicator_id,
        smart_monitored_pipes_pct as figure
    from intake.pipe_networks
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
