-- table: quality.flags
-- severity: warning
-- zh: 存疑（与合计不符）：各市之和与全省合计不符
-- en: Implausible (sum against total): the cities do not add up to the total
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
where detector = 'sum_mismatch' and not is_approved
