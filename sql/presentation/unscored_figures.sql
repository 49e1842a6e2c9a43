-- one row per file, indicator and scope of which figures of cities do not score
-- definition: docs/method.md, scores; only figures of the registered scope of an indicator with a weight score
with unscored as (
    select
        indicators.dataset,
        figures.file,
        figures.file_sha256,
        figures.indicator_id,
        indicators.name_zh,
        indicators.name_en,
        figures.scope,
        case when indicators.weight > 0 then indicators.scope end as scoring_scope,
        count(*) as figures
    from observations.city_observations as figures
    inner join reference.indicators as indicators on figures.indicator_id = indicators.indicator_id
    where indicators.weight = 0 or figures.scope <> indicators.scope
    group by
        indicators.dataset,
        figures.file,
        figures.file_sha256,
        figures.indicator_id,
        indicators.name_zh,
        indicators.name_en,
        figures.scope,
        indicators.weight,
        indicators.scope
)

select * from unscored
