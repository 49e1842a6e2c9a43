-- table: scorecards.dimension_scores
-- severity: error
-- zh: 覆盖率低于门槛的维度没有得分
-- en: A dimension below its coverage threshold has no score
select
    city_code,
    dimension_id,
    coverage,
    minimum_indicators_share,
    score
from scorecards.dimension_scores
where score is not null and (coverage is null or coverage < minimum_indicators_share - 1e-4)
