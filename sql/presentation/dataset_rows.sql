-- one row per dataset of which a file arrived
-- definition: docs/returns.md; the number of files and rows by what became of them
with counted as (
    select
        files.dataset,
        datasets.name_zh,
        datasets.name_en,
        count(*) as files,
        count(*) filter (where files.status = 'refused') as files_refused,
        cast(sum(files.rows_read) as bigint) as rows_read,
        cast(sum(files.rows_accepted) as bigint) as rows_accepted,
        cast(sum(files.rows_aggregate) as bigint) as rows_aggregate,
        cast(sum(files.rows_rejected) as bigint) as rows_rejected
    from quality.files as files
    left join intake.datasets as datasets on files.dataset = datasets.dataset
    group by files.dataset, datasets.name_zh, datasets.name_en
)

select * from counted
