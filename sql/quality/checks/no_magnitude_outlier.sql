-- table: quality.flags
-- severity: warning
-- zh: 存疑（数量级不符）：与本市相邻年份相差数倍
-- en: Implausible (order of magnitude): the figure is several times off the city's nearest years
select
    flag_id,
    indicator_id,
    city_code,
    province_code,
    year,
    scope,
    vintage,
    value_text,
    expected_text,
    file,
    line
from quality.flags
where detector = 'magnitude_outlier' and not is_approved
