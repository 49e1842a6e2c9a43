-- table: quality.flags
-- severity: warning
-- zh: 存疑（与他市相同）：数字与同年他市完全相同，且难以巧合
-- en: Implausible (another city's figure): the figure equals another city's of the same year and chance is unlikely
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
where detector = 'duplicate_value' and not is_approved
