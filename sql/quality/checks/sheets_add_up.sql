-- table: intake.sheets
-- severity: error
-- zh: 每个工作表：另行清点的行数等于各类行数之和，数据行 = 采用 + 合计 + 退回
-- en: In every sheet the rows equal those of all classes, and each row that was read has one outcome
select
    dataset,
    file,
    sheet,
    rows_physical,
    rows_read,
    rows_accepted,
    rows_aggregate,
    rows_rejected
from intake.sheets
where
    rows_physical <> rows_title + rows_header + rows_unit + rows_blank + rows_repeated_header + rows_note
    + rows_footer + rows_unfilled + rows_wrapped + rows_set_aside + rows_passed_over + rows_read
    or rows_read + rows_unfolded <> rows_accepted + rows_aggregate + rows_rejected
