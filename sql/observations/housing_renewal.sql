-- one row per indicator that a row of housing_renewal is a figure of
-- definition: data/contracts/housing_renewal.yml; programme, stage and unit decide the indicator, so that plans, starts
-- and completions are never mixed; a row with since_year is a running total, and no value of its year
with unit_rows as (
    select
        *,
        'communities' as unit,
        communities as figure,
        communities_qualifier as qualifier
    from intake.housing_renewal
    union all
    select
        *,
        'households' as unit,
        households as figure,
        households_qualifier as qualifier
    from intake.housing_renewal
    union all
    select
        *,
        'buildings' as unit,
        buildings as figure,
        buildings_qualifier as qualifier
    from intake.housing_renewal
    union all
    select
        *,
        'projects' as unit,
        projects as figure,
        projects_qualifier as qualifier
    from intake.housing_renewal
    union all
    select
        *,
        'dwellings' as unit,
        dwellings as figure,
        dwellings_qualifier as qualifier
    from intake.housing_renewal
),

named as (
    select
        *,
        case concat(programme, ' ', stage, ' ', unit)
            when 'old_communities planned communities'
                then 'housing_renewal.old_communities_planned'
            when 'old_communities planned_start communities'
                then 'housing_renewal.old_communities_starts_planned'
            when 'old_communities planned_completion communities'
                then 'housing_renewal.old_communities_completions_planned'
            when 'old_communities started communities'
                then 'housing_renewal.old_communities_started'
            when 'old_communities completed communities'
                then 'housing_renewal.old_communities_completed'
            when 'old_communities planned households'
                then 'housing_renewal.old_communities_households_planned'
            when 'old_communities completed households'
                then 'housing_renewal.old_communities_households_completed'
            when 'dilapidated_housing completed buildings'
                then 'housing_renewal.dilapidated_buildings_renewed'
            when 'prefabricated_slab stock buildings'
                then 'housing_renewal.slab_buildings_remaining'
            when 'urban_villages completed projects'
                then 'housing_renewal.urban_villages_renewed'
            when 'elevators completed projects'
                then 'housing_renewal.elevators_added'
            when 'rebuilt_by_owners completed projects'
                then 'housing_renewal.rebuilt_by_owners_projects'
            when 'affordable_housing completed dwellings'
                then 'housing_renewal.affordable_dwellings_raised'
        end as indicator_id,
        cast(since_year as integer) as first_year
    from unit_rows
),

figures as (
    select * from named
    union all
    -- the running total of the five-year plan is an indicator of its own
    select
        unit_rows.*,
        'housing_renewal.old_communities_completed_since_2021' as indicator_id,
        cast(null as integer) as first_year
    from unit_rows
    where
        programme = 'old_communities'
        and stage = 'completed'
        and unit = 'communities'
        and since_year = 2021
        and district is null
),

reported as (
    select
        city_code,
        province_code,
        cast(indicator_id as varchar) as indicator_id,
        cast(year as integer) as year,
        figure as value,
        qualifier,
        scope,
        district,
        first_year as since_year,
        as_of,
        source_id,
        source_grade,
        note,
        file_sha256,
        sheet,
        line
    from figures
    where figure is not null and indicator_id is not null
)

select * from reported
