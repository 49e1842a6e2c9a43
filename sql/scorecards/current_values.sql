-- one row per city and indicator that has a figure, with the base from which its pace is measured
-- definition: docs/method.md, pace and status; a cumulative count starts from zero
-- a cumulative count starts in the first year of its profile, without a profile in the base year
with profile_steps as (
    select
        target_id,
        year,
        expected_share,
        lag(year) over (
            partition by target_id order by year rows between unbounded preceding and current row
        ) as year_before,
        lag(expected_share) over (
            partition by target_id order by year rows between unbounded preceding and current row
        ) as share_before
    from reference.target_profiles
),

profile_ends as (
    select
        target_id,
        min(year) as start_year,
        max(year) as end_year
    from reference.target_profiles
    group by target_id
),

counts as (
    select
        current_points.city_code,
        current_points.indicator_id,
        coalesce(ends.start_year, current_points.first_base_year) as start_year,
        case
            when current_points.judged_year >= coalesce(ends.end_year, targets.pace_year) then cast(1 as double)
            when ends.target_id is not null
                then
                    steps.share_before
                    + (steps.expected_share - steps.share_before)
                    * (current_points.judged_year - steps.year_before) / nullif(steps.year - steps.year_before, 0)
            when current_points.judged_year >= current_points.first_base_year
                then
                    cast(current_points.judged_year - current_points.first_base_year as double)
                    / nullif(targets.pace_year - current_points.first_base_year, 0)
        end as expected_share
    from scorecards.current_points as current_points
    inner join scorecards.selected_targets as targets
        on
            current_points.city_code = targets.city_code
            and current_points.indicator_id = targets.indicator_id
            and targets.kind = 'cumulative'
    left join profile_ends as ends on targets.target_id = ends.target_id
    left join profile_steps as steps
        on
            targets.target_id = steps.target_id
            and current_points.judged_year >= steps.year_before
            and current_points.judged_year < steps.year
),

current_values as (
    select
        current_points.city_code,
        current_points.indicator_id,
        current_points.value,
        current_points.year,
        current_points.value_scaled,
        current_points.attainment,
        current_points.is_stale,
        current_points.judged_year,
        current_points.judged_value,
        current_points.judged_scaled,
        current_points.qualifier,
        current_points.source_id,
        current_points.source_grade,
        current_points.note,
        current_points.vintage,
        current_points.file,
        current_points.file_sha256,
        current_points.sheet,
        current_points.line,
        counts.indicator_id is not null as is_count,
        counts.expected_share,
        coalesce(counts.start_year, current_points.base_year) as base_year,
        case
            when counts.indicator_id is not null then cast(0 as double)
            else current_points.base_value
        end as base_value,
        case
            when counts.indicator_id is null then current_points.base_scaled
            -- the zero of the first day is known, but a single year of a count allows no judgement
            when current_points.judged_year - counts.start_year >= current_points.minimum_span_years
                then cast(0 as bigint)
        end as base_scaled,
        case
            when counts.indicator_id is null or current_points.judged_year > counts.start_year
                then current_points.judged_year - coalesce(counts.start_year, current_points.base_year)
        end as span_years
    from scorecards.current_points as current_points
    left join counts
        on current_points.city_code = counts.city_code and current_points.indicator_id = counts.indicator_id
)

select * from current_values
