-- one row per file that was refused, or of which some rejected rows were not corrected since
-- definition: docs/returns.md; the faults of a file that its sender has to correct
with numbered as (
    select
        *,
        row_number() over (
            partition by dataset, file_sha256
            order by coalesce(sheet, ''), coalesce(line, 0), error_number
            rows between unbounded preceding and current row
        ) as fault_number
    from intake.rejects
    where not is_resolved
),

faults as (
    select
        dataset,
        file_sha256,
        count(distinct concat(coalesce(sheet, ''), '|', cast(line as varchar))) as rows_open,
        max(case when fault_number = 1 then reason_zh end) as reason_zh,
        max(case when fault_number = 1 then reason_en end) as reason_en,
        max(case when fault_number = 1 then remedy_zh end) as remedy_zh,
        max(case when fault_number = 1 then remedy_en end) as remedy_en
    from numbered
    group by dataset, file_sha256
),

file_faults as (
    select
        files.dataset,
        files.file,
        files.file_sha256,
        files.status,
        files.arrival_sequence,
        case when files.status = 'read' then faults.rows_open else 0 end as rows_open,
        faults.reason_zh,
        faults.reason_en,
        faults.remedy_zh,
        faults.remedy_en
    from faults
    inner join intake.files as files
        on faults.dataset = files.dataset and faults.file_sha256 = files.file_sha256
)

select * from file_faults
