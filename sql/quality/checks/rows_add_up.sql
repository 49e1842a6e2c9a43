-- table: quality.files
-- severity: error
-- zh: 每个文件：数据行 = 采用 + 合计 + 退回
-- en: In every file the rows read equal those accepted, counted as totals and rejected
select
    dataset,
    file,
    rows_read,
    rows_accepted,
    rows_aggregate,
    rows_rejected
from quality.files
where rows_read <> rows_accepted + rows_aggregate + rows_rejected
