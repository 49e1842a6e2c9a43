-- table: observations.city_observations
-- severity: error
-- zh: 至少有一个城市的一个数字；空结果不得当作成功
-- en: There is at least one figure of a city; an empty result is not a success
with counted as (
    select count(*) as observations
    from observations.city_observations
)

select *
from counted
where observations = 0
