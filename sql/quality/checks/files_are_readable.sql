-- table: intake.files
-- severity: warning
-- zh: 没有整份退回的文件
-- en: No file was refused
select
    dataset,
    file
from intake.files
where status = 'refused'
