-- one row per city and spelling of its name
-- definition: docs/commands.md; code, names and aliases of a city, also with the name of a province before them
with prefixes as (
    select '' as prefix
    union
    select name_zh as prefix from reference.provinces
    union
    select alias as prefix from reference.aliases
    where province_code is not null
),

forms as (
    select
        city_code,
        city_code as form
    from reference.cities
    union
    select
        city_code,
        name_zh as form
    from reference.cities
    union
    select
        city_code,
        short_zh as form
    from reference.cities
    union
    select
        city_code,
        name_en as form
    from reference.cities
    union
    select
        city_code,
        alias as form
    from reference.aliases
    where city_code is not null
),

spelled as (
    select distinct
        forms.city_code,
        concat(prefixes.prefix, forms.form) as spelling
    from forms
    cross join prefixes
    where forms.form is not null
)

select * from spelled
