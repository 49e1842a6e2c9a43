-- table: quality.flags
-- severity: warning
-- zh: 存疑（整块错行）：整块数字错开一行后更符合各市历年水平
-- en: Implausible (block shifted by a row): the whole block fits the cities better when it is moved by a row
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
where detector = 'row_shift' and not is_approved
