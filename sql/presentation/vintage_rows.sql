-- one row per city, indicator, year, scope and vintage
-- definition: docs/method.md, vintages; each value with its source, arrival, correction and the encoding of its file
with named as (
    select
        vintages.*,
        sources.publication_zh,
        sources.publication_en,
        arrivals.received_at,
        sheets.encoding,
        corrections.reason_zh as correction_zh,
        corrections.reason_en as correction_en,
        corrections.decided_by as corrected_by,
        corrections.decided_date as corrected_date
    from observations.city_observations as vintages
    inner join reference.indicators as indicators on vintages.indicator_id = indicators.indicator_id
    inner join reference.sources as sources on vintages.source_id = sources.source_id
    left join intake.file_arrivals as arrivals
        on
            indicators.dataset = arrivals.dataset
            and vintages.file_sha256 = arrivals.file_sha256
            and arrivals.is_last
    left join intake.sheets as sheets
        on
            indicators.dataset = sheets.dataset
            and vintages.file_sha256 = sheets.file_sha256
            and vintages.sheet is not distinct from sheets.sheet
    left join observations.applied_corrections as corrections
        on
            vintages.correction_id = corrections.correction_id
            and vintages.file_sha256 = corrections.file_sha256
            and vintages.sheet is not distinct from corrections.sheet
            and vintages.line = corrections.line
)

select * from named
