-- table: scorecards.indicator_scores
-- severity: error
-- zh: 没有数字就没有得分
-- en: Without a figure there is no score
select
    city_code,
    indicator_id,
    attainment
from scorecards.indicator_scores
where value is null and (attainment is not null or data_status <> 'awaiting_data')
