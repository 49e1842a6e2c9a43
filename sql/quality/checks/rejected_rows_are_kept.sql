-- table: intake.rejects
-- severity: error
-- zh: 每个文件退回的行都连同原因保存
-- en: Every rejected row is kept with its reason
with kept as (
    select
        dataset,
        file_sha256,
        count(distinct coalesce(sheet, '') || ':' || cast(line as varchar)) as rows_kept
    from intake.rejects
    where line is not null
    group by dataset, file_sha256
)

select
    files.dataset,
    files.file,
    files.rows_rejected,
    kept.rows_kept
from intake.files as files
left join kept
    on files.dataset = kept.dataset and files.file_sha256 = kept.file_sha256
where files.status = 'read' and files.rows_rejected <> coalesce(kept.rows_kept, 0)
