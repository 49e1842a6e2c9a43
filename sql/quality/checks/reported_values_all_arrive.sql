-- table: observations.reported_observations
-- severity: error
-- zh: 数据集转换出的每个数字都进入观测表或全省合计表
-- en: Every figure that the datasets report is in the observations or in the totals of the province
with counted as (
    select
        (select count(*) from observations.reported_observations) as reported,
        (select count(*) from observations.city_observations) as of_cities,
        (select count(*) from observations.aggregate_observations) as of_provinces
)

select *
from counted
where reported <> of_cities + of_provinces
