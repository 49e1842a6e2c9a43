-- one row per file that arrived
-- definition: docs/intake.md, receipts; the time stands apart from what was in the file, since it is no content: the
-- same files give the same release whenever they arrive
with arrivals as (
    select
        dataset,
        file_sha256,
        file,
        received_at
    from intake.files
)

select * from arrivals
