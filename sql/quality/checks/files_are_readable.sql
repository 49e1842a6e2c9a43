-- table: quality.files
-- severity: warning
-- zh: 没有整份退回的文件
-- en: No file was refused
select
    dataset,
    file
from quality.files
where status = 'refused'
