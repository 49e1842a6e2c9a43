-- one row per title, footnote or conversion of a file
-- definition: docs/intake.md
select * from intake.notes
