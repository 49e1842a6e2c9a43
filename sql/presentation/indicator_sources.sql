-- one row per indicator, source and grade of the scored values
-- definition: docs/method.md, vintages; which publications the current values of an indicator come from
with used as (
    select distinct
        scores.indicator_id,
        scores.source_id,
        scores.source_grade,
        sources.publication_zh,
        sources.publication_en
    from scorecards.indicator_scores as scores
    inner join reference.sources as sources on scores.source_id = sources.source_id
)

select * from used
