-- one row per city and indicator with a target and two points: the status by the rule of Statistics Canada
-- definition: docs/method.md, presets; compound growth from base to target, a base or target of 0 counted as 0.001
with points as (
    select
        current_values.city_code,
        current_values.indicator_id,
        indicators.direction,
        ratios.is_target_met,
        current_values.span_years,
        targets.pace_year - current_values.base_year as years_to_target,
        parameters.on_track_ratio,
        parameters.moderate_ratio,
        current_values.judged_value,
        case when current_values.base_value = 0 then 0.001 else current_values.base_value end as base_value,
        case when targets.value = 0 then 0.001 else targets.value end as target_value
    from scorecards.current_values as current_values
    inner join scorecards.pace_ratios as ratios
        on
            current_values.city_code = ratios.city_code
            and current_values.indicator_id = ratios.indicator_id
    inner join scorecards.selected_targets as targets
        on
            current_values.city_code = targets.city_code
            and current_values.indicator_id = targets.indicator_id
    inner join reference.indicators as indicators on current_values.indicator_id = indicators.indicator_id
    cross join reference.parameters as parameters
    where targets.operator <> 'between' and current_values.base_scaled is not null and current_values.span_years > 0
),

grown as (
    select
        *,
        case
            when judged_value / nullif(base_value, 0) >= 0
                then power(judged_value / nullif(base_value, 0), cast(1 as double) / nullif(span_years, 0)) - 1
        end as observed_growth_rate,
        case
            when target_value / nullif(base_value, 0) > 0 and years_to_target > 0
                then power(target_value / nullif(base_value, 0), cast(1 as double) / nullif(years_to_target, 0)) - 1
        end as required_growth_rate
    from points
),

rated as (
    select
        *,
        direction * observed_growth_rate / nullif(abs(required_growth_rate), 0) as pace_ratio
    from grown
),

preset_statuses as (
    select
        'statistics_canada' as preset_id,
        city_code,
        indicator_id,
        pace_ratio,
        case
            when is_target_met then 'achieved'
            when pace_ratio >= on_track_ratio then 'on_track'
            when pace_ratio >= moderate_ratio then 'moderate'
            when pace_ratio >= 0 then 'limited'
            when pace_ratio < 0 then 'deteriorating'
            else 'not_available'
        end as status,
        case
            when is_target_met then cast(5 as double)
            when pace_ratio >= moderate_ratio then least(7.1429 * pace_ratio - 4.2857, 5)
            when pace_ratio is not null then greatest(4.1667 * pace_ratio - 2.5, -5)
        end as progress_score
    from rated
)

select * from preset_statuses
