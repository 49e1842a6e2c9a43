-- table: quality.flags
-- severity: warning
-- zh: 存疑（与分子分母不符）：比率不等于分子除以分母
-- en: Implausible (rate against its parts): the rate is not its numerator over its denominator
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
where detector = 'ratio_mismatch' and not is_approved
