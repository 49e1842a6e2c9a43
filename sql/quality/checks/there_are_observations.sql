-- table: observations.city_observations
-- severity: error
-- zh: 至少有一个城市的一个数字；空结果不得当作成功
-- en: At least one figure of one city stands; an empty result is never a success
with counted as (
    select count(*) as observations
    from observations.city_observations
)

select *
from counted
where observations = 0
