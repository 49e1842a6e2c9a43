-- one row per dataset and city
-- definition: docs/operations.md, freshness; a year counts if it was over when its file arrived, so that plans and
-- running counts do not; a year that was signed as complete was received, also without a figure. The next year is
-- awaited, and late if its date had passed when the newest file arrived. The clock is not an input; presenters compute
-- what is late today
with figures as (
    select
        files.dataset,
        vintages.city_code,
        vintages.indicator_id,
        vintages.year,
        files.file,
        arrivals.received_at,
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

ordered_signatures as (
    select
        *,
        row_number() over (
            partition by dataset, city_code, year
            order by is_stated desc, arrival_sequence desc, file_sha256 desc
            rows between unbounded preceding and current row
        ) as position
    from quality.signed_years
),

signed as (
    select
        dataset,
        city_code,
        year
    from ordered_signatures
    where position = 1 and is_complete and year < extract(year from received_at)
),

received_years as (
    select
        dataset,
        city_code,
        year
    from figures
    where year < extract(year from received_at)
    union all
    select
        dataset,
        city_code,
        year
    from signed
),

last_years as (
    select
        dataset,
        city_code,
        max(year) as last_year
    from received_years
    group by dataset, city_code
),

received as (
    select
        figures.dataset,
        figures.city_code,
        count(distinct case when figures.year = last_years.last_year then figures.indicator_id end)
            as indicators_received,
        max(case when figures.position = 1 then figures.file end) as file,
        max(case when figures.position = 1 then figures.received_at end) as received_at
    from figures
    left join last_years
        on figures.dataset = last_years.dataset and figures.city_code = last_years.city_code
    group by figures.dataset, figures.city_code
),

expected as (
    select
        dataset,
        count(*) as indicators_expected
    from reference.indicators
    group by dataset
),

as_of as (
    select cast(max(received_at) as date) as as_of_date
    from intake.file_arrivals
),

awaited as (
    select
        datasets.dataset,
        cities.city_code,
        last_years.last_year,
        coalesce(received.indicators_received, 0) as indicators_received,
        coalesce(expected.indicators_expected, 0) as indicators_expected,
        signed.year is not null as is_signed,
        received.file,
        received.received_at,
        as_of.as_of_date,
        datasets.due_on,
        datasets.due_first_year,
        greatest(coalesce(last_years.last_year + 1, datasets.due_first_year), datasets.due_first_year) as due_year
    from intake.datasets as datasets
    cross join reference.cities as cities
    cross join as_of
    left join last_years
        on datasets.dataset = last_years.dataset and cities.city_code = last_years.city_code
    left join received
        on datasets.dataset = received.dataset and cities.city_code = received.city_code
    left join expected on datasets.dataset = expected.dataset
    left join signed
        on
            datasets.dataset = signed.dataset
            and cities.city_code = signed.city_code
            and last_years.last_year = signed.year
),

dated as (
    select
        *,
        case
            when due_on is not null then cast(concat(cast(due_year + 1 as varchar), '-', due_on) as date)
        end as due_date,
        case
            when due_on is not null and last_year >= due_first_year
                then cast(concat(cast(last_year + 1 as varchar), '-', due_on) as date)
        end as last_due_date
    from awaited
),

freshness as (
    select
        dataset,
        city_code,
        cast(last_year as integer) as last_year,
        cast(indicators_received as integer) as indicators_received,
        cast(indicators_expected as integer) as indicators_expected,
        case
            when last_year is null then 'nothing_sent'
            when is_signed then 'signed_complete'
            when indicators_received >= indicators_expected then 'all_sent'
            else 'partly_sent'
        end as delivery,
        last_due_date,
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
