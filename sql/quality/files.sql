-- one row per file that arrived
-- definition: docs/intake.md, receipts
select * from intake.files
