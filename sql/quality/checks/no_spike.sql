-- table: quality.flags
-- severity: warning
-- zh: 存疑（尖峰）：偏离前后两年水平
-- en: Implausible (spike): the figure leaves the level of the years before and after
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
where detector = 'spike' and not is_approved
