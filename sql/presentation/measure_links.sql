-- one row per indicator and measure that it belongs to
-- definition: data/reference/indicator_measures.csv; with the titles of the measures
with named as (
    select
        links.*,
        measures.title_zh,
        measures.title_en
    from reference.indicator_measures as links
    inner join reference.measures as measures on links.measure_id = measures.measure_id
)

select * from named
