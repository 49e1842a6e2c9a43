-- table: quality.approvals
-- severity: warning
-- zh: 每条放行记录对应一个仍存疑的数字；数值改变或不再存疑的，记录失效
-- en: Every approval belongs to a figure that is still flagged; it lapses where the value changes
select
    approvals.flag_id,
    approvals.detector,
    approvals.indicator_id,
    approvals.city_code,
    approvals.province_code,
    approvals.year,
    approvals.scope,
    approvals.value,
    approvals.approval_file
from quality.approvals as approvals
left join quality.flags as flags on approvals.flag_id = flags.flag_id
where flags.flag_id is null
