-- table: scorecards.indicator_scores
-- severity: error
-- zh: 得分与进度比率都是有限数
-- en: Attainment and pace ratios are finite numbers
select
    city_code,
    indicator_id,
    attainment,
    pace_ratio_compound,
    pace_ratio_linear
from scorecards.indicator_scores
where not isfinite(coalesce(attainment, 0) + coalesce(pace_ratio_compound, 0) + coalesce(pace_ratio_linear, 0))
