-- table: quality.flags
-- severity: warning
-- zh: 存疑（不可能为零）：不可能为零的指标为零，疑为缺报
-- en: Implausible (zero that cannot be): the figure is zero where zero cannot be and may be missing
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
where detector = 'impossible_zero' and not is_approved
