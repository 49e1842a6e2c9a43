-- table: quality.flags
-- severity: warning
-- zh: 存疑（疑似编造）：数字逐位递增、递减或全同
-- en: Implausible (invented digits): the digits run up or down or are all the same
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
where detector = 'sequential_digits' and not is_approved
