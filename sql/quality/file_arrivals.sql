-- one row per file that arrived
-- definition: docs/intake.md, receipts; the time is not part of the content: the same files give
-- the same release whenever they arrive
with arrivals as (
    select
        dataset,
        file_sha256,
        file,
        received_at
    from intake.files
)

select * from arrivals
