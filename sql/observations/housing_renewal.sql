-- one row per indicator that a row of housing_renewal is a figure of
-- definition: data/contracts/housing_renewal.yml; programme, stage and counting period decide the indicator, so that
-- plans, starts, completions and running counts are never mixed
with figures as (
    select
        *,
        'housing_renewal.old_communities_planned' as indicator_id,
        communities as figure,
        communities_qualifier as qualifier
    from intake.housing_renewal
    where programme = 'old_communities' and stage = 'planned' and since_year is null
    union all
    select
        *,
        'housing_renewal.old_communities_started' as indicator_id,
        communities as figure,
        communities_qualifier as qualifier
    from intake.housing_renewal
    where programme = 'old_communities' and stage = 'started' and since_year is null
    union all
    select
        *,
        'housing_renewal.old_communities_completed' as indicator_id,
        communities as figure,
        communities_qualifier as qualifier
    from intake.housing_renewal
    where programme = 'old_communities' and stage = 'completed' and since_year is null
    union all
    select
        *,
        'housing_renewal.old_communities_completed_since_2021' as indicator_id,
        communities as figure,
        communities_qualifier as qualifier
    from intake.housing_renewal
    where programme = 'old_communities' and stage = 'completed' and since_year = 2021
    union all
    select
        *,
        'housing_renewal.old_communities_households_planned' as indicator_id,
        households as figure,
        households_qualifier as qualifier
    from intake.housing_renewal
    where programme = 'old_communities' and stage = 'planned' and since_year is null
    union all
    select
        *,
        'housing_renewal.old_communities_households_completed' as indicator_id,
        households as figure,
        households_qualifier as qualifier
    from intake.housing_renewal
    where programme = 'old_communities' and stage = 'completed' and since_year is null
    union all
    select
        *,
        'housing_renewal.dilapidated_buildings_renewed' as indicator_id,
        buildings as figure,
        buildings_qualifier as qualifier
    from intake.housing_renewal
    where programme = 'dilapidated_housing' and stage = 'completed' and since_year is null
    union all
    select
        *,
        'housing_renewal.slab_buildings_remaining' as indicator_id,
        buildings as figure,
        buildings_qualifier as qualifier
    from intake.housing_renewal
    where programme = 'prefabricated_slab' and stage = 'stock' and since_year is null
    union all
    select
        *,
        'housing_renewal.urban_villages_renewed' as indicator_id,
        projects as figure,
        projects_qualifier as qualifier
    from intake.housing_renewal
    where programme = 'urban_villages' and stage = 'completed' and since_year is null
    union all
    select
        *,
        'housing_renewal.elevators_added' as indicator_id,
        projects as figure,
        projects_qualifier as qualifier
    from intake.housing_renewal
    where programme = 'elevators' and stage = 'completed' and since_year is null
    union all
    select
        *,
        'housing_renewal.rebuilt_by_owners_projects' as indicator_id,
        projects as figure,
        projects_qualifier as qualifier
    from intake.housing_renewal
    where programme = 'rebuilt_by_owners' and stage = 'completed' and since_year is null
    union all
    select
        *,
        'housing_renewal.affordable_dwellings_raised' as indicator_id,
        dwellings as figure,
        dwellings_qualifier as qualifier
    from intake.housing_renewal
    where programme = 'affordable_housing' and stage = 'completed' and since_year is null
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
