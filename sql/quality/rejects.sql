-- one row per error of a rejected row, and per reason why a file was refused
-- definition: docs/intake.md, rejects
select * from intake.rejects
