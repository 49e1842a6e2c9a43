-- table: quality.flags
-- severity: warning
-- zh: 存疑（口径来回变动）：存量一再回到旧水平，疑为两种口径
-- en: Implausible (definition flips): the stock returns to a level that it had left; two definitions may share the name
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
where detector = 'definition_flip' and not is_approved
