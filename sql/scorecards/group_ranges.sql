-- one row per basket, city and group of indicators: a dimension, a measure, or the whole basket
-- definition: docs/method.md, ranges; a missing indicator adds nothing to the lower end and 100 to the upper end
with groups as (
    select
        'dimension' as level,
        dimension_id as item_id
    from reference.dimensions
    union all
    select
        'measure' as level,
        cast(measure_id as varchar) as item_id
    from reference.measures
    union all
    select
        'basket' as level,
        'all' as item_id
),

memberships as (
    select
        'dimension' as level,
        dimension_id as item_id,
        indicator_id
    from reference.indicators
    union all
    select
        'measure' as level,
        cast(measure_id as varchar) as item_id,
        indicator_id
    from reference.indicator_measures
    union all
    select
        'basket' as level,
        'all' as item_id,
        indicator_id
    from reference.indicators
),

summed as (
    select
        members.basket_id,
        members.city_code,
        memberships.level,
        memberships.item_id,
        count(*) as indicators_total,
        count(*) filter (where members.is_scored) as indicators_scored,
        count(*) filter (
            where members.is_scored and members.target_authority not in ('policy_city', 'policy_province')
        ) as without_duty,
        count(*) filter (where members.is_scored and members.source_grade <> 'A') as not_primary,
        min(members.year) filter (where members.is_scored) as oldest_year,
        max(members.year) filter (where members.is_scored) as newest_year,
        sum(members.weight_scaled) as weights,
        coalesce(sum(members.weight_scaled) filter (where members.is_scored), 0) as weights_scored,
        coalesce(sum(members.weight_scaled * members.attainment_scaled), 0) as weighted
    from scorecards.basket_members as members
    inner join memberships on members.indicator_id = memberships.indicator_id
    group by members.basket_id, members.city_code, memberships.level, memberships.item_id
),

group_ranges as (
    select
        baskets.basket_id,
        groups.level,
        groups.item_id,
        cities.city_code,
        cast(coalesce(summed.indicators_total, 0) as integer) as indicators_total,
        cast(coalesce(summed.indicators_scored, 0) as integer) as indicators_scored,
        summed.oldest_year,
        summed.newest_year,
        cast(summed.without_duty as double) / nullif(summed.indicators_scored, 0) as reference_share,
        cast(summed.not_primary as double) / nullif(summed.indicators_scored, 0) as non_primary_share,
        cast(summed.weighted as double)
        / nullif(cast(summed.weights_scored as double) * 1e8, 0) as mean_of_available,
        cast(
            floor(cast(summed.weighted as double) / nullif(cast(summed.weights as double), 0) + 0.5) as bigint
        ) as evidenced_scaled,
        cast(
            floor(
                cast(summed.weighted + (summed.weights - summed.weights_scored) * 10000000000 as double)
                / nullif(cast(summed.weights as double), 0) + 0.5
            ) as bigint
        ) as possible_scaled
    from reference.baskets as baskets
    cross join groups
    cross join reference.cities as cities
    left join summed
        on
            baskets.basket_id = summed.basket_id
            and groups.level = summed.level
            and groups.item_id = summed.item_id
            and cities.city_code = summed.city_code
)

select * from group_ranges
