-- one row per city and indicator, with or without a figure
-- definition: docs/method.md, pace and status
with units as (
    select
        cities.city_code,
        indicators.*,
        parameters.assessment_year,
        parameters.minimum_span_years,
        parameters.on_track_ratio,
        parameters.moderate_ratio,
        coalesce(indicators.base_year, parameters.default_base_year) as first_base_year,
        power(1e1, indicators.decimals) as scale
    from reference.indicators as indicators
    cross join reference.cities as cities
    cross join reference.parameters as parameters
),

current_years as (
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
    select history.*
    from scorecards.attainment_history as history
    inner join current_years
        on
            history.city_code = current_years.city_code
            and history.indicator_id = current_years.indicator_id
            and history.year = current_years.year
),

base_years as (
    select
        history.city_code,
        history.indicator_id,
        min(history.year) as year
    from scorecards.attainment_history as history
    inner join units
        on history.city_code = units.city_code and history.indicator_id = units.indicator_id
    inner join current_years
        on history.city_code = current_years.city_code and history.indicator_id = current_years.indicator_id
    where
        history.year >= units.first_base_year
        and current_years.year - history.year >= units.minimum_span_years
    group by history.city_code, history.indicator_id
),

base_points as (
    select
        history.city_code,
        history.indicator_id,
        history.year,
        history.value,
        history.value_scaled
    from scorecards.attainment_history as history
    inner join base_years
        on
            history.city_code = base_years.city_code
            and history.indicator_id = base_years.indicator_id
            and history.year = base_years.year
),

-- a cumulative count starts from zero when its profile does, else at the base year
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

counted as (
    select
        units.city_code,
        units.indicator_id,
        coalesce(ends.start_year, units.first_base_year) as start_year,
        case
            when current_points.year >= coalesce(ends.end_year, targets.pace_year) then cast(1 as double)
            when ends.target_id is not null
                then
                    steps.share_before
                    + (steps.expected_share - steps.share_before)
                    * (current_points.year - steps.year_before) / nullif(steps.year - steps.year_before, 0)
            when current_points.year >= units.first_base_year
                then
                    cast(current_points.year - units.first_base_year as double)
                    / nullif(targets.pace_year - units.first_base_year, 0)
        end as expected_share
    from units
    inner join scorecards.selected_targets as targets
        on units.city_code = targets.city_code and units.indicator_id = targets.indicator_id
    inner join current_points
        on units.city_code = current_points.city_code and units.indicator_id = current_points.indicator_id
    left join profile_ends as ends on targets.target_id = ends.target_id
    left join profile_steps as steps
        on
            targets.target_id = steps.target_id
            and current_points.year >= steps.year_before
            and current_points.year < steps.year
    where targets.kind = 'cumulative'
),

points as (
    select
        units.*,
        current_points.value,
        current_points.year,
        current_points.qualifier,
        current_points.source_id,
        current_points.source_grade,
        current_points.note,
        current_points.vintage,
        current_points.file,
        current_points.file_sha256,
        current_points.sheet,
        current_points.line,
        current_points.value_scaled as now_scaled,
        current_points.attainment as attainment_now,
        units.assessment_year - current_points.year > units.maximum_age_years as is_stale,
        counted.indicator_id is not null as is_counted,
        counted.expected_share,
        coalesce(counted.start_year, base_points.year) as base_year_used,
        case when counted.indicator_id is not null then cast(0 as double) else base_points.value end as base_value,
        case
            when counted.indicator_id is null then base_points.value_scaled
            -- the zero of the first day is known, yet a year of counting says little
            when current_points.year - counted.start_year >= units.minimum_span_years then cast(0 as bigint)
        end as base_scaled,
        case
            when counted.indicator_id is null or current_points.year > counted.start_year
                then current_points.year - coalesce(counted.start_year, base_points.year)
        end as span_years,
        targets.target_id,
        targets.kind as chosen_kind,
        targets.operator as target_operator,
        targets.value as target_value,
        targets.value_high as target_value_high,
        targets.year as target_year,
        targets.authority as target_authority,
        targets.pace_year,
        cast(floor(targets.value * units.scale + 0.5) as bigint) as target_scaled,
        cast(floor(targets.value_high * units.scale + 0.5) as bigint) as target_high_scaled
    from units
    left join current_points
        on units.city_code = current_points.city_code and units.indicator_id = current_points.indicator_id
    left join base_points
        on units.city_code = base_points.city_code and units.indicator_id = base_points.indicator_id
    left join scorecards.selected_targets as targets
        on units.city_code = targets.city_code and units.indicator_id = targets.indicator_id
    left join counted
        on units.city_code = counted.city_code and units.indicator_id = counted.indicator_id
),

compared as (
    select
        *,
        case
            when target_operator = 'between'
                then now_scaled >= target_scaled and now_scaled <= target_high_scaled
            when target_operator = '>' then now_scaled > target_scaled
            when target_operator = '<' then now_scaled < target_scaled
            else direction * (now_scaled - target_scaled) >= 0
        end as is_target_met,
        -- toward a range: by how much the figure came nearer to it, from whichever side; inside it, not at all
        case
            when target_operator = 'between'
                then
                    greatest(target_scaled - base_scaled, base_scaled - target_high_scaled, 0)
                    - greatest(target_scaled - now_scaled, now_scaled - target_high_scaled, 0)
            else direction * (now_scaled - base_scaled)
        end as improvement,
        -- a pace toward a range has no single goal; the range is judged by whether it is met
        case when target_operator <> 'between' then direction * (target_scaled - base_scaled) end as distance,
        case when target_operator <> 'between' then direction * (target_scaled - now_scaled) end as distance_left,
        case when is_counted then cast(now_scaled as double) / nullif(cast(target_scaled as double), 0) end
            as share_of_total,
        -- a yes is there or not: halfway to it nobody is on any pace
        coalesce(chosen_kind <> 'yes_no', true) and pace_year > base_year_used as has_pace,
        -- a count that adds up from zero grows by amounts, not by rates
        target_kind <> 'cumulative' and not is_counted as grows_by_rates
    from points
),

paced as (
    select
        *,
        -- standing just outside a limit that must be passed: nothing was left to go, and nothing was gone
        has_pace and distance = 0 and improvement = 0 and not is_target_met as is_at_the_edge,
        -- exact until the one division: a series on the required pace gives exactly 1
        case
            when is_counted then share_of_total / nullif(expected_share, 0)
            when has_pace and distance > 0
                then
                    cast(improvement * (pace_year - base_year_used) as double)
                    / nullif(cast(distance * span_years as double), 0)
        end as ratio_linear,
        case
            when has_pace and distance_left > 0 and pace_year > year
                then
                    cast(improvement * (pace_year - year) as double)
                    / nullif(cast(distance_left * span_years as double), 0)
        end as pace_ratio_linear_from_now,
        case
            when grows_by_rates and base_scaled > 0 and now_scaled > 0 and span_years > 0
                then
                    power(
                        cast(now_scaled as double) / nullif(cast(base_scaled as double), 0),
                        cast(1 as double) / nullif(span_years, 0)
                    ) - 1
        end as observed_growth_rate,
        case
            when grows_by_rates and has_pace and distance > 0 and base_scaled > 0 and target_scaled > 0
                then
                    power(
                        cast(target_scaled as double) / nullif(cast(base_scaled as double), 0),
                        cast(1 as double) / nullif(pace_year - base_year_used, 0)
                    ) - 1
        end as required_growth_rate_from_base,
        case
            when
                grows_by_rates and has_pace and distance_left > 0 and pace_year > year
                and now_scaled > 0 and target_scaled > 0
                then
                    power(
                        cast(target_scaled as double) / nullif(cast(now_scaled as double), 0),
                        cast(1 as double) / nullif(pace_year - year, 0)
                    ) - 1
        end as required_growth_rate
    from compared
),

rated as (
    select
        *,
        case when is_at_the_edge then cast(0 as double) else ratio_linear end as pace_ratio_linear,
        case
            when is_at_the_edge and observed_growth_rate is not null then cast(0 as double)
            else direction * observed_growth_rate / nullif(abs(required_growth_rate_from_base), 0)
        end as pace_ratio_compound,
        direction * observed_growth_rate / nullif(abs(required_growth_rate), 0) as pace_ratio_compound_from_now
    from paced
),

judged as (
    select
        *,
        case
            when now_scaled is null then null
            when target_id is null then 'no_target'
            -- what is too old to score is too old to say where a city stands
            when is_stale or base_scaled is null then 'not_available'
            when is_target_met and improvement >= 0 then 'achieved'
            when is_target_met then 'achieved_declining'
            when improvement < 0 then 'deteriorating'
            when chosen_kind = 'yes_no' then 'limited'
        end as plain_status
    from rated
),

both_rules as (
    select
        *,
        coalesce(plain_status, case
            when now_scaled is null or pace_ratio_linear is null then 'not_available'
            when pace_ratio_linear >= on_track_ratio then 'on_track'
            when pace_ratio_linear >= moderate_ratio then 'moderate'
            else 'limited'
        end) as status_linear,
        coalesce(plain_status, case
            when now_scaled is null or pace_ratio_compound is null then 'not_available'
            when pace_ratio_compound >= on_track_ratio then 'on_track'
            when pace_ratio_compound >= moderate_ratio then 'moderate'
            else 'limited'
        end) as status_compound
    from judged
),

headlined as (
    select
        *,
        -- growth rates break on zero and on sign changes; there the rule is linear, and the column says so
        case
            when pace_rule = 'compound' and pace_ratio_compound is null then 'linear'
            else pace_rule
        end as rule_used
    from both_rules
),

scored as (
    select
        *,
        case when rule_used = 'compound' then pace_ratio_compound else pace_ratio_linear end as pace,
        case when rule_used = 'compound' then status_compound else status_linear end as headline
    from headlined
),

indicator_scores as (
    select
        scored.city_code,
        scored.indicator_id,
        scored.dimension_id,
        case
            when scored.now_scaled is null then 'awaiting_data'
            when scored.weight = 0 then 'context'
            when scored.is_stale then 'stale'
            when scored.attainment_now is null then 'no_goalposts'
            else 'scored'
        end as data_status,
        scored.value,
        scored.year,
        scored.qualifier,
        scored.unit,
        scored.scope,
        scored.weight,
        scored.source_id,
        scored.source_grade,
        scored.note,
        scored.target_id,
        scored.chosen_kind as target_kind,
        scored.target_operator,
        scored.target_value,
        scored.target_value_high,
        scored.target_year,
        coalesce(scored.target_authority, 'none') as target_authority,
        scored.is_target_met,
        case
            when scored.target_operator = 'between'
                then greatest(scored.target_value - scored.value, scored.value - scored.target_value_high)
            else scored.direction * (scored.target_value - scored.value)
        end as gap_to_target,
        goalposts.lower as goalposts_lower,
        goalposts.upper as goalposts_upper,
        goalposts.class as goalposts_class,
        goalposts.year as goalposts_year,
        case when scored.weight > 0 and not scored.is_stale then scored.attainment_now end as attainment,
        scored.base_year_used as base_year,
        scored.base_value,
        scored.span_years,
        cast(scored.now_scaled - scored.base_scaled as double)
        / nullif(scored.scale * scored.span_years, 0) as observed_change_per_year,
        cast(scored.target_scaled - scored.now_scaled as double)
        / nullif(scored.scale * (scored.pace_year - scored.year), 0) as required_change_per_year,
        scored.pace_year,
        scored.pace_ratio_compound,
        scored.pace_ratio_linear,
        scored.status_compound,
        scored.status_linear,
        scored.rule_used as pace_rule,
        scored.headline as status,
        case
            when scored.status_compound <> 'not_available' and scored.status_linear <> 'not_available'
                then scored.status_compound = scored.status_linear
        end as rules_agree,
        case
            when scored.headline in ('not_available', 'no_target') then null
            when scored.headline = 'achieved' then cast(5 as double)
            when scored.pace >= scored.moderate_ratio then least(7.1429 * scored.pace - 4.2857, 5)
            when scored.pace is not null then greatest(4.1667 * scored.pace - 2.5, -5)
        end as progress_score,
        scored.vintage,
        scored.file,
        scored.file_sha256,
        scored.sheet,
        scored.line,
        scored.observed_growth_rate,
        scored.required_growth_rate,
        scored.pace_ratio_linear_from_now,
        scored.pace_ratio_compound_from_now,
        scored.share_of_total,
        scored.expected_share,
        case when scored.chosen_kind = 'keep_at_least' then scored.is_target_met end as is_level_met,
        case when scored.chosen_kind = 'keep_at_least' then scored.improvement >= 0 end as is_not_declining
    from scored
    left join reference.goalposts as goalposts on scored.indicator_id = goalposts.indicator_id
)

select * from indicator_scores
