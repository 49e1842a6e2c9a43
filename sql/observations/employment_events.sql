-- one row per city, year and indicator that its events are counted in
-- definition: data/contracts/employment_events.yml; events that recruit for jobs elsewhere do not count, an event
-- that is sent again counts once, and a sum is `at_least`, because it lacks the events that were not reported
with current_events as (
    select
        events.*,
        files.arrival_sequence,
        cast(extract(year from events.date) as integer) as year
    from intake.employment_events as events
    inner join intake.files as files
        on events.file_sha256 = files.file_sha256 and files.dataset = 'employment_events'
    qualify
        row_number() over (
            partition by events.city_code, events.province_code, events.date, events.event
            order by files.arrival_sequence desc, events.sheet desc, events.line desc
            rows between unbounded preceding and current row
        ) = 1
),

local_events as (
    select *
    from current_events
    where is_local
),

counted as (
    select
        *,
        'employment_events.events_held' as indicator_id,
        cast(1 as double) as figure
    from local_events
    union all
    select
        *,
        'employment_events.posts_offered' as indicator_id,
        posts as figure
    from local_events
    union all
    select
        *,
        'employment_events.intents_reached' as indicator_id,
        intents as figure
    from local_events
    union all
    -- a ratio of intents to posts takes the events that report both
    select
        *,
        'employment_events.posts_with_intents' as indicator_id,
        posts as figure
    from local_events
    where intents is not null
    union all
    select
        *,
        'employment_events.intents_at_posts' as indicator_id,
        intents as figure
    from local_events
    where posts is not null
),

-- a sum traces to the first of its rows; the others are in intake under the same city and year
summed as (
    select
        *,
        sum(cast(floor(figure) as bigint)) over (
            partition by city_code, province_code, indicator_id, year
            rows between unbounded preceding and unbounded following
        ) as total,
        count(*) over (
            partition by city_code, province_code, indicator_id, year
            rows between unbounded preceding and unbounded following
        ) as events,
        max(source_grade) over (
            partition by city_code, province_code, indicator_id, year
            rows between unbounded preceding and unbounded following
        ) as weakest_grade,
        row_number() over (
            partition by city_code, province_code, indicator_id, year
            order by arrival_sequence, file_sha256, sheet, line
            rows between unbounded preceding and current row
        ) as position
    from counted
    where figure is not null
),

reported as (
    select
        city_code,
        province_code,
        cast(indicator_id as varchar) as indicator_id,
        year,
        cast(total as double) as value,
        'at_least' as qualifier,
        '全市' as scope,
        cast(null as varchar) as district,
        cast(null as integer) as since_year,
        cast(null as date) as as_of,
        source_id,
        weakest_grade as source_grade,
        case when events > 1 then concat(cast(events as varchar), ' 场活动之和') else note end as note,
        file_sha256,
        sheet,
        line
    from summed
    where position = 1
)

select * from reported
