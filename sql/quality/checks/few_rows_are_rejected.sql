-- table: intake.files
-- severity: warning
-- zh: 每个文件退回的行不超过一成
-- en: At most one row in ten of a file is rejected
select
    dataset,
    file,
    rows_read,
    rows_rejected
from intake.files
where rows_rejected * 10 > rows_read
