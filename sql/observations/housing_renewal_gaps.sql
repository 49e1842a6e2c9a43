-- one row per indicator for which a row of housing_renewal has a reason instead of a figure
-- definition: data/contracts/housing_renewal.yml, housing_renewal.sql; districts and running totals are left out
with gaps as (
    select
        accepted.city_code,
        case concat(accepted.programme, ' ', accepted.stage, ' ', gaps.column_name)
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
        cast(accepted.year as integer) as year,
        accepted.scope,
        gaps.reason,
        gaps.file,
        gaps.file_sha256,
        gaps.sheet,
        gaps.line
    from intake.gaps as gaps
    inner join intake.housing_renewal as accepted
        on
            gaps.file_sha256 = accepted.file_sha256
            and coalesce(gaps.sheet, '') = coalesce(accepted.sheet, '')
            and gaps.line = accepted.line
            and coalesce(gaps.first_column, 0) = coalesce(accepted.first_column, 0)
    where
        gaps.dataset = 'housing_renewal'
        and accepted.city_code is not null
        and accepted.district is null
        and accepted.since_year is null
)

select * from gaps
