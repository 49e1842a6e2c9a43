-- one row per file that arrived
-- definition: docs/intake.md, receipts
with files as (
    select
        dataset,
        file,
        file_sha256,
        bytes,
        status,
        arrival_sequence,
        rows_read,
        rows_blank,
        rows_skipped,
        rows_accepted,
        rows_aggregate,
        rows_rejected
    from intake.files
)

select * from files
