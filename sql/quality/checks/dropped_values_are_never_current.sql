-- table: observations.city_observations
-- severity: error
-- zh: 被更正撤下的数字不是现行版本
-- en: A figure that a correction dropped is never current
select
    city_code,
    indicator_id,
    year,
    correction_id
from observations.city_observations
where is_current and correction_action = 'drop'
