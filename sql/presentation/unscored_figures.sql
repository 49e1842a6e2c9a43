-- one row per file, indicator and scope of which figures of cities do not score
-- definition: docs/method.md, scores; only figures of the registered scope of an indicator with a weight score
with unscored as (
    select
        indicators.dataset,
        vintages.file,
        vintages.file_sha256,
        vintages.indicator_id,
        indicators.name_zh,
        indicators.name_en,
        vintages.scope,
        case when indicators.weight > 0 then indicators.scope end as scoring_scope,
        count(*) as figures
    from observations.observation_vintages as vintages
    inner join reference.indicators as indicators on vintages.indicator_id = indicators.indicator_id
    where vintages.city_code is not null and (indicators.weight = 0 or vintages.scope <> indicators.scope)
    group by
        indicators.dataset,
        vintages.file,
        vintages.file_sha256,
        vintages.indicator_id,
        indicators.name_zh,
        indicators.name_en,
        vintages.scope,
        indicators.weight,
        indicators.scope
)

select * from unscored
