-- one row per basket, city and dimension
-- definition: docs/method.md, ranges; each dimension score with the names of basket, city and dimension
with named as (
    select
        scores.*,
        baskets.name_zh as basket_zh,
        baskets.name_en as basket_en,
        baskets.is_headline,
        cities.name_zh as city_zh,
        cities.name_en as city_en,
        dimensions.position as dimension_position,
        dimensions.name_zh,
        dimensions.name_en,
        dimensions.is_in_index,
        dimensions.weight
    from scorecards.dimension_scores as scores
    inner join reference.baskets as baskets on scores.basket_id = baskets.basket_id
    inner join reference.cities as cities on scores.city_code = cities.city_code
    inner join reference.dimensions as dimensions on scores.dimension_id = dimensions.dimension_id
)

select * from named
