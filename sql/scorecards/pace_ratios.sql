-- one row per city and indicator that has a figure
-- definition: docs/method.md, pace and status; observed change against the change that the target requires
with points as (
    select
        current_values.*,
        indicators.direction,
        indicators.target_kind,
        indicators.weight > 0 as has_direction,
        targets.target_id,
        targets.kind as chosen_kind,
        targets.operator as target_operator,
        targets.pace_year,
        coalesce(targets.authority = 'expired', false) as is_expired,
        parameters.trend_significant_rate,
        parameters.trend_moderate_rate,
        cast(
            floor(limits.upper * power(1e1, indicators.decimals) + 0.5) as bigint
        ) as limit_scaled,
        cast(floor(targets.value * power(1e1, indicators.decimals) + 0.5) as bigint) as target_scaled,
        cast(floor(targets.value_high * power(1e1, indicators.decimals) + 0.5) as bigint) as target_high_scaled
    from scorecards.current_values as current_values
    inner join reference.indicators as indicators on current_values.indicator_id = indicators.indicator_id
    cross join reference.parameters as parameters
    left join reference.goalposts as limits
        on current_values.indicator_id = limits.indicator_id and limits.class = 'natural_limit'
    left join scorecards.selected_targets as targets
        on current_values.city_code = targets.city_code and current_values.indicator_id = targets.indicator_id
),

compared as (
    select
        *,
        case
            when target_operator = 'between'
                then judged_scaled >= target_scaled and judged_scaled <= target_high_scaled
            when target_operator = '>' then judged_scaled > target_scaled
            when target_operator = '<' then judged_scaled < target_scaled
            else direction * (judged_scaled - target_scaled) >= 0
        end as is_target_met,
        -- with a range: by how much the figure came nearer to it, from either side; inside the range, 0
        case
            when target_operator = 'between'
                then
                    greatest(target_scaled - base_scaled, base_scaled - target_high_scaled, 0)
                    - greatest(target_scaled - judged_scaled, judged_scaled - target_high_scaled, 0)
            else direction * (judged_scaled - base_scaled)
        end as improvement,
        -- a range has no single goal and therefore no pace; only whether it is met is judged
        case when target_operator <> 'between' then direction * (target_scaled - base_scaled) end as distance,
        case when target_operator <> 'between' then direction * (target_scaled - judged_scaled) end as distance_left,
        case
            when target_operator = 'between'
                then greatest(target_scaled - base_scaled, base_scaled - target_high_scaled, 0)
            else abs(target_scaled - base_scaled)
        end as distance_either_way,
        case when direction = 1 then limit_scaled - base_scaled else base_scaled - limit_scaled end as limit_distance,
        case when direction = 1 then limit_scaled - judged_scaled else judged_scaled - limit_scaled end as limit_left,
        case when is_count then cast(judged_scaled as double) / nullif(cast(target_scaled as double), 0) end
            as share_of_total,
        -- a yes/no target has no pace: it cannot be met by half
        coalesce(chosen_kind <> 'yes_no', true) and pace_year > base_year as has_pace,
        -- a count that adds up from zero grows by amounts, not by rates
        target_kind <> 'cumulative' and not is_count as grows_by_rates
    from points
),

paced as (
    select
        *,
        -- exactly on a limit that must be passed: there was no distance, and there is no improvement
        has_pace and distance = 0 and improvement = 0 and not is_target_met as is_at_the_edge,
        -- exact until the one division: a series on the required pace gives exactly 1
        case
            when is_count then share_of_total / nullif(expected_share, 0)
            when has_pace and distance > 0
                then
                    cast(improvement * (pace_year - base_year) as double)
                    / nullif(cast(distance * span_years as double), 0)
        end as ratio_linear,
        case
            when has_pace and distance_left > 0 and pace_year > judged_year
                then
                    cast(improvement * (pace_year - judged_year) as double)
                    / nullif(cast(distance_left * span_years as double), 0)
        end as ratio_linear_from_now,
        case
            when grows_by_rates and base_scaled > 0 and judged_scaled > 0 and span_years > 0
                then
                    power(
                        cast(judged_scaled as double) / nullif(cast(base_scaled as double), 0),
                        cast(1 as double) / nullif(span_years, 0)
                    ) - 1
        end as observed_growth_rate,
        case
            when grows_by_rates and has_pace and distance <> 0 and base_scaled > 0 and target_scaled > 0
                then
                    power(
                        cast(target_scaled as double) / nullif(cast(base_scaled as double), 0),
                        cast(1 as double) / nullif(pace_year - base_year, 0)
                    ) - 1
        end as required_growth_rate_from_base,
        case
            when
                grows_by_rates and has_pace and distance_left > 0 and pace_year > judged_year
                and judged_scaled > 0 and target_scaled > 0
                then
                    power(
                        cast(target_scaled as double) / nullif(cast(judged_scaled as double), 0),
                        cast(1 as double) / nullif(pace_year - judged_year, 0)
                    ) - 1
        end as required_growth_rate
    from compared
),

-- the yearly rate of improvement: by how much the rest up to a natural limit shrinks, else by how much the value grows
trended as (
    select
        *,
        case
            when is_count or span_years is null then null
            when limit_distance > 0 and limit_left >= 0
                then
                    1 - power(
                        cast(limit_left as double) / nullif(cast(limit_distance as double), 0),
                        cast(1 as double) / nullif(span_years, 0)
                    )
            when limit_scaled is null then direction * observed_growth_rate
        end as improvement_rate
    from paced
),

pace_ratios as (
    select
        city_code,
        indicator_id,
        target_scaled,
        is_target_met,
        improvement,
        share_of_total,
        observed_growth_rate,
        required_growth_rate,
        case when is_at_the_edge then cast(0 as double) else ratio_linear end as pace_ratio_linear,
        case
            when is_at_the_edge and observed_growth_rate is not null then cast(0 as double)
            when distance > 0
                then direction * observed_growth_rate / nullif(abs(required_growth_rate_from_base), 0)
        end as pace_ratio_compound,
        ratio_linear_from_now as pace_ratio_linear_from_now,
        direction * observed_growth_rate / nullif(abs(required_growth_rate), 0) as pace_ratio_compound_from_now,
        -- the same ratios for every move, also away from a target that was met: there they are negative
        coalesce(
            ratio_linear,
            case
                when has_pace
                    then
                        cast(improvement * (pace_year - base_year) as double)
                        / nullif(cast(distance_either_way * span_years as double), 0)
            end
        ) as progress_ratio_linear,
        direction * observed_growth_rate / nullif(abs(required_growth_rate_from_base), 0) as progress_ratio_compound,
        case
            when target_id is null then 'no_target'
            -- a target whose year has passed was met in that year or it was not
            when is_expired and judged_scaled is null then 'not_available'
            when is_expired then case when is_target_met then 'met' else 'missed' end
            -- a figure that is too old to score is too old to show where a city stands
            when is_stale or base_scaled is null then 'not_available'
            when is_target_met and improvement >= 0 then 'achieved'
            when is_target_met then 'achieved_declining'
            when improvement < 0 then 'deteriorating'
            when chosen_kind = 'yes_no' then 'limited'
        end as status_without_pace,
        case when target_id is null and has_direction and not is_stale then improvement_rate end as trend_rate,
        case
            -- a size is neither better nor worse for growing
            when target_id is not null or not has_direction or is_stale or improvement is null then null
            when limit_left = 0 then 'at_limit'
            when improvement_rate >= trend_significant_rate then 'significant'
            when improvement_rate >= trend_moderate_rate then 'moderate'
            when improvement_rate is not null then 'wrong_way'
            -- no rate from zero or across it: the direction is known
            when improvement > 0 then 'significant'
            when improvement = 0 then 'moderate'
            else 'wrong_way'
        end as trend
    from trended
)

select * from pace_ratios
