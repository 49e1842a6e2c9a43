-- table: quality.approvals
-- severity: warning
-- zh: 每条放行记录仍对应一个存疑数字；数值改变或不再存疑的已失效
-- en: Every approval is of a figure that is still flagged; where the value changed it has ended
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
