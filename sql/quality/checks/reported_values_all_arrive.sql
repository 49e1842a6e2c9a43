-- table: observations.reported_observations
-- severity: error
-- zh: 数据集转换出的每个数字都进入观测表、全省合计表、县区表或累计表之一
-- en: Every reported figure is in the observations, the totals of the province, the districts or the running totals
with counted as (
    select
        (select count(*) from observations.reported_observations) as reported,
        (select count(*) from observations.city_observations) as of_cities,
        (select count(*) from observations.aggregate_observations) as of_provinces,
        (select count(*) from observations.district_observations) as of_districts,
        (select count(*) from observations.running_totals) as running_totals
)

select *
from counted
where reported <> of_cities + of_provinces + of_districts + running_totals
