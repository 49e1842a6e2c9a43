-- table: scorecards.indicator_scores
-- severity: error
-- zh: 被扣留的数字不计分
-- en: A quarantined figure never scores
select
    scores.city_code,
    scores.indicator_id,
    scores.year,
    scores.value
from scorecards.indicator_scores as scores
inner join observations.city_observations as observations
    on
        scores.city_code = observations.city_code
        and scores.indicator_id = observations.indicator_id
        and scores.year = observations.year
        and scores.scope = observations.scope
where observations.is_quarantined
