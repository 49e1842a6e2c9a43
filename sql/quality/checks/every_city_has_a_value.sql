-- table: scorecards.city_scores
-- severity: warning
-- zh: 每个城市至少有一个数字
-- en: Every city has at least one figure
select distinct city_code
from scorecards.city_scores
where indicators_with_data = 0
