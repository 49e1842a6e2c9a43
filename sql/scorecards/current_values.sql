-- one row per city and indicator that has a figure, with the base from which its pace is measured
-- definition: docs/method.md, pace and status; the latest figure up to the assessment year counts
with latest_years as (
    select
        history.city_code,
        history.indicator_id,
        max(history.year) as year
    from scorecards.attainment_history as history
    cross join reference.parameters as parameters
    where history.year <= parameters.assessment_year
    group by history.city_code, history.indicator_id
),

current_points as (
    select
        history.*,
        parameters.minimum_span_years,
        coalesce(indicators.base_year, parameters.default_base_year) as first_base_year,
        parameters.assessment_year - history.year > indicators.maximum_age_years as is_stale
    from scorecards.attainment_history as history
    inner join latest_years
        on
            history.city_code = latest_years.city_code
            and history.indicator_id = latest_years.indicator_id
            and history.year = latest_years.year
    inner join reference.indicators as indicators on history.indicator_id = indicators.indicator_id
    cross join reference.parameters as parameters
),

base_years as (
    select
        history.city_code,
        history.indicator_id,
        min(history.year) as year
    from scorecards.attainment_history as history
    inner join current_points
        on history.city_code = current_points.city_code and history.indicator_id = current_points.indicator_id
    where
        history.year >= current_points.first_base_year
        and current_points.year - history.year >= current_points.minimum_span_years
    group by history.city_code, history.indicator_id
),

base_points as (
    select history.*
    from scorecards.attainment_history as history
    inner join base_years
        on
            history.city_code = base_years.city_code
            and history.indicator_id = base_years.indicator_id
            and history.year = base_years.year
),

-- a cumulative count starts from zero in the first year of its profile, without a profile in the base year
profile_steps as (
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
            when current_points.year >= coalesce(ends.end_year, targets.pace_year) then cast(1 as double)
            when ends.target_id is not null
                then
                    steps.share_before
                    + (steps.expected_share - steps.share_before)
                    * (current_points.year - steps.year_before) / nullif(steps.year - steps.year_before, 0)
            when current_points.year >= current_points.first_base_year
                then
                    cast(current_points.year - current_points.first_base_year as double)
                    / nullif(targets.pace_year - current_points.first_base_year, 0)
        end as expected_share
    from current_points
    inner join scorecards.selected_targets as targets
        on
            current_points.city_code = targets.city_code
            and current_points.indicator_id = targets.indicator_id
            and targets.kind = 'cumulative'
    left join profile_ends as ends on targets.target_id = ends.target_id
    left join profile_steps as steps
        on
            targets.target_id = steps.target_id
            and current_points.year >= steps.year_before
            and current_points.year < steps.year
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
        coalesce(counts.start_year, base_points.year) as base_year,
        case when counts.indicator_id is not null then cast(0 as double) else base_points.value end as base_value,
        case
            when counts.indicator_id is null then base_points.value_scaled
            -- the zero of the first day is known, but a single year of a count allows no judgement
            when current_points.year - counts.start_year >= current_points.minimum_span_years then cast(0 as bigint)
        end as base_scaled,
        case
            when counts.indicator_id is null or current_points.year > counts.start_year
                then current_points.year - coalesce(counts.start_year, base_points.year)
        end as span_years
    from current_points
    left join base_points
        on current_points.city_code = base_points.city_code and current_points.indicator_id = base_points.indicator_id
    left join counts
        on current_points.city_code = counts.city_code and current_points.indicator_id = counts.indicator_id
)

select * from current_values
