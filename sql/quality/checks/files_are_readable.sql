-- table: intake.files
-- severity: warning
-- zh: 没有整个退回的文件
-- en: No file was refused as a whole
select
    dataset,
    file
from intake.files
where status = 'refused'
