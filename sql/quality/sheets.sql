-- one row per sheet of a file that was read
-- definition: docs/intake.md
select * from intake.sheets
