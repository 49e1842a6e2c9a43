-- one row per dataset and city
-- definition: docs/operations.md, freshness; with the names of dataset and city
with named as (
    select
        freshness.*,
        datasets.name_zh,
        datasets.name_en,
        cities.name_zh as city_zh,
        cities.name_en as city_en
    from quality.freshness as freshness
    inner join intake.datasets as datasets on freshness.dataset = datasets.dataset
    inner join reference.cities as cities on freshness.city_code = cities.city_code
)

select * from named
