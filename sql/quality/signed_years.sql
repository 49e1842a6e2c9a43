-- one row per dataset, city, year and file that was signed
-- definition: docs/forms.md, sign-off; the figures of a file decide whose signature it is, and the number of the form
-- only where the file has none of its year: a form may have been filled in for another city. A file of which rejected
-- rows have not come back is not everything
with figures as (
    select distinct
        indicators.dataset,
        vintages.file_sha256,
        vintages.city_code,
        vintages.year
    from observations.observation_vintages as vintages
    inner join reference.indicators as indicators on vintages.indicator_id = indicators.indicator_id
    where vintages.city_code is not null and not vintages.is_progress
),

pending as (
    select distinct
        dataset,
        file_sha256
    from intake.rejects
    where not is_resolved
),

placed as (
    select
        signed.dataset,
        coalesce(figures.city_code, signed.form_city_code) as city_code,
        coalesce(figures.year, signed.form_year) as year,
        signed.file_sha256,
        files.arrival_sequence,
        arrivals.received_at,
        signed.completion is not null as is_stated,
        coalesce(signed.completion = 'complete', false) and pending.file_sha256 is null as is_complete
    from intake.sign_offs as signed
    inner join intake.files as files
        on signed.dataset = files.dataset and signed.file_sha256 = files.file_sha256
    inner join intake.file_arrivals as arrivals
        on
            signed.dataset = arrivals.dataset
            and signed.file_sha256 = arrivals.file_sha256
            and arrivals.is_last
    left join figures
        on
            signed.dataset = figures.dataset
            and signed.file_sha256 = figures.file_sha256
            and (signed.form_year is null or signed.form_year = figures.year)
    left join pending
        on signed.dataset = pending.dataset and signed.file_sha256 = pending.file_sha256
),

signed_years as (
    select *
    from placed
    where city_code is not null and year is not null
)

select * from signed_years
