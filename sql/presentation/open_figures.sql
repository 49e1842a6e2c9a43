-- one row per basket, city and indicator of the basket that has no score
-- definition: docs/method.md, ranges; how many points of its dimension the figure would close
with members as (
    select
        baskets.basket_id,
        baskets.name_zh as basket_zh,
        baskets.name_en as basket_en,
        baskets.is_headline,
        scores.city_code,
        scores.dimension_id,
        scores.indicator_id,
        scores.data_status,
        scores.year,
        scores.attainment,
        coalesce(members.weight, scores.weight) as weight
    from reference.basket_indicators as members
    inner join reference.baskets as baskets on members.basket_id = baskets.basket_id
    inner join scorecards.indicator_scores as scores on members.indicator_id = scores.indicator_id
),

shared as (
    select
        *,
        1e2 * weight / nullif(
            sum(weight) over (
                partition by basket_id, city_code, dimension_id
                rows between unbounded preceding and unbounded following
            ), 0
        ) as points
    from members
    where weight > 0
),

named as (
    select
        shared.basket_id,
        shared.basket_zh,
        shared.basket_en,
        shared.is_headline,
        shared.city_code,
        cities.name_zh as city_zh,
        cities.name_en as city_en,
        shared.dimension_id,
        dimensions.position as dimension_position,
        dimensions.name_zh as dimension_zh,
        dimensions.name_en as dimension_en,
        shared.indicator_id,
        indicators.dataset,
        indicators.name_zh,
        indicators.name_en,
        shared.data_status,
        shared.year,
        shared.points
    from shared
    inner join reference.indicators as indicators on shared.indicator_id = indicators.indicator_id
    inner join reference.cities as cities on shared.city_code = cities.city_code
    inner join reference.dimensions as dimensions on shared.dimension_id = dimensions.dimension_id
    where shared.attainment is null
)

select * from named
