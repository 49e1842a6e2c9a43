-- one row per file that was sent again after others
-- definition: docs/intake.md, corrections and vintages; when it was received, and how many of its figures are current
with arrivals as (
    select
        dataset,
        file_sha256,
        cast(max(arrival) as integer) as arrivals,
        max(case when is_last then file end) as file,
        max(case when arrival = 1 then file end) as first_file,
        min(received_at) as first_received_at,
        max(received_at) as received_at
    from intake.file_arrivals
    group by dataset, file_sha256
),

figures as (
    select
        indicators.dataset,
        observations.file_sha256,
        count(*) as figures,
        count(case when observations.is_current then 1 end) as figures_current
    from observations.city_observations as observations
    inner join reference.indicators as indicators on observations.indicator_id = indicators.indicator_id
    group by indicators.dataset, observations.file_sha256
),

files_sent_again as (
    select
        arrivals.dataset,
        arrivals.file,
        arrivals.first_file,
        arrivals.file_sha256,
        arrivals.arrivals,
        arrivals.first_received_at,
        arrivals.received_at,
        coalesce(figures.figures, 0) as figures,
        coalesce(figures.figures_current, 0) as figures_current
    from arrivals
    left join figures
        on arrivals.dataset = figures.dataset and arrivals.file_sha256 = figures.file_sha256
    where arrivals.arrivals > 1
)

select * from files_sent_again
