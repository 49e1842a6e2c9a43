-- table: quality.flags
-- severity: warning
-- zh: 存疑（流量重复）：流量连续多年不变，疑为沿用旧数
-- en: Implausible (stale flow): the flow is the same for years and may be carried over
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
where detector = 'repeated_value' and not is_approved
