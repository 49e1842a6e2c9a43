-- table: scorecards.measure_scores
-- severity: error
-- zh: 覆盖率低于门槛的措施没有得分
-- en: A measure below its coverage threshold has no score
select
    city_code,
    measure_id,
    coverage,
    minimum_indicators_share,
    score
from scorecards.measure_scores
where score is not null and (coverage is null or coverage < minimum_indicators_share - 1e-4)
