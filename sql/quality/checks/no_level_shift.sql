-- table: quality.flags
-- severity: warning
-- zh: 存疑（跳变）：与本市历年变化相比变化过大
-- en: Implausible (jump): the change is far from those usual for the city
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
where detector = 'level_shift' and not is_approved
