-- one row per dataset and city
-- definition: docs/operations.md, freshness; a year counts if it was over when its file arrived, so that plans and
-- running counts do not; the next year is awaited, and late if its date had passed when the newest file arrived. The
-- clock is not an input; presenters compute what is late today
with figures as (
    select
        files.dataset,
        vintages.city_code,
        vintages.indicator_id,
        vintages.year,
        files.file,
        arrivals.received_at,
        max(case when vintages.year < extract(year from arrivals.received_at) then vintages.year end) over (
            partition by files.dataset, vintages.city_code
            rows between unbounded preceding and unbounded following
        ) as last_year,
        row_number() over (
            partition by files.dataset, vintages.city_code
            order by
                files.arrival_sequence desc, vintages.file_sha256 desc, vintages.line desc, vintages.indicator_id asc
            rows between unbounded preceding and current row
        ) as position
    from observations.observation_vintages as vintages
    inner join reference.indicators as indicators on vintages.indicator_id = indicators.indicator_id
    inner join intake.files as files
        on vintages.file_sha256 = files.file_sha256 and indicators.dataset = files.dataset
    inner join intake.file_arrivals as arrivals
        on
            files.dataset = arrivals.dataset
            and files.file_sha256 = arrivals.file_sha256
            and arrivals.is_last
    where
        vintages.city_code is not null
        and not vintages.is_progress
        and not coalesce(vintages.correction_action = 'drop', false)
),

received as (
    select
        dataset,
        city_code,
        max(last_year) as last_year,
        count(distinct case when year = last_year then indicator_id end) as indicators_received,
        max(case when position = 1 then file end) as file,
        max(case when position = 1 then received_at end) as received_at
    from figures
    group by dataset, city_code
),

as_of as (
    select cast(max(received_at) as date) as as_of_date
    from intake.file_arrivals
),

awaited as (
    select
        datasets.dataset,
        cities.city_code,
        received.last_year,
        received.indicators_received,
        received.file,
        received.received_at,
        as_of.as_of_date,
        datasets.due_on,
        greatest(coalesce(received.last_year + 1, datasets.due_first_year), datasets.due_first_year) as due_year
    from intake.datasets as datasets
    cross join reference.cities as cities
    cross join as_of
    left join received
        on datasets.dataset = received.dataset and cities.city_code = received.city_code
),

dated as (
    select
        *,
        case
            when due_on is not null then cast(concat(cast(due_year + 1 as varchar), '-', due_on) as date)
        end as due_date
    from awaited
),

freshness as (
    select
        dataset,
        city_code,
        cast(last_year as integer) as last_year,
        cast(coalesce(indicators_received, 0) as integer) as indicators_received,
        file,
        received_at,
        case when due_date is not null then cast(due_year as integer) end as due_year,
        due_date,
        as_of_date,
        case when due_date is not null then cast(greatest(cast(as_of_date - due_date as integer), 0) as integer) end
            as days_late,
        case
            when due_date is null then 'no_deadline'
            when as_of_date > due_date then 'late'
            else 'in_time'
        end as status
    from dated
)

select * from freshness
