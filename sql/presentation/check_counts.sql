-- one row per table that was checked
-- definition: docs/plausibility.md; how many checks a table has and how many it fails
with counted as (
    select
        table_name,
        count(*) as checks,
        count(*) filter (where is_blocking) as blocking,
        count(*) filter (where not is_passed) as failed,
        max(rows_checked) as rows_checked
    from quality.check_results
    group by table_name
)

select * from counted
