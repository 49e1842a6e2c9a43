-- table: intake.files
-- severity: error
-- zh: 每个文件：数据行 = 采用 + 另存合计 + 退回
-- en: In every file the rows read are those accepted, set aside and rejected
select
    dataset,
    file,
    rows_read,
    rows_accepted,
    rows_aggregate,
    rows_rejected
from intake.files
where rows_read <> rows_accepted + rows_aggregate + rows_rejected
