-- one row per city and indicator, with or without a figure
-- definition: docs/method.md, attainment, pace and status
with units as (
    select
        cities.city_code,
        indicators.*,
        parameters.on_track_ratio,
        parameters.moderate_ratio,
        power(1e1, indicators.decimals) as scale
    from reference.indicators as indicators
    cross join reference.cities as cities
    cross join reference.parameters as parameters
),

both_rules as (
    select
        units.city_code,
        units.indicator_id,
        units.moderate_ratio,
        ratios.pace_ratio_linear,
        ratios.pace_ratio_compound,
        coalesce(
            case when units.pace_rule = 'compound' then ratios.progress_ratio_compound end,
            ratios.progress_ratio_linear
        ) as progress_ratio,
        -- growth rates break on zero and on sign changes; there the rule is linear, and the column shows it
        case
            when units.pace_rule = 'compound' and ratios.pace_ratio_compound is null then 'linear'
            else units.pace_rule
        end as pace_rule,
        coalesce(ratios.status_without_pace, case
            when ratios.pace_ratio_linear is null then 'not_available'
            when ratios.pace_ratio_linear >= units.on_track_ratio then 'on_track'
            when ratios.pace_ratio_linear >= units.moderate_ratio then 'moderate'
            else 'limited'
        end) as status_linear,
        coalesce(ratios.status_without_pace, case
            when ratios.pace_ratio_compound is null then 'not_available'
            when ratios.pace_ratio_compound >= units.on_track_ratio then 'on_track'
            when ratios.pace_ratio_compound >= units.moderate_ratio then 'moderate'
            else 'limited'
        end) as status_compound
    from units
    left join scorecards.pace_ratios as ratios
        on units.city_code = ratios.city_code and units.indicator_id = ratios.indicator_id
),

statuses as (
    select
        *,
        case when pace_rule = 'compound' then status_compound else status_linear end as status
    from both_rules
),

indicator_scores as (
    select
        units.city_code,
        units.indicator_id,
        units.dimension_id,
        case
            when points.value_scaled is null then 'awaiting_data'
            when units.weight = 0 then 'context'
            when points.is_stale then 'stale'
            when points.attainment is null then 'no_goalposts'
            else 'scored'
        end as data_status,
        points.value,
        points.year,
        points.qualifier,
        units.unit,
        units.scope,
        units.weight,
        points.source_id,
        points.source_grade,
        points.note,
        targets.target_id,
        targets.kind as target_kind,
        targets.operator as target_operator,
        targets.value as target_value,
        targets.value_high as target_value_high,
        targets.year as target_year,
        coalesce(targets.authority, 'none') as target_authority,
        ratios.is_target_met,
        case
            when targets.operator = 'between'
                then greatest(targets.value - points.value, points.value - targets.value_high)
            else units.direction * (targets.value - points.value)
        end as gap_to_target,
        goalposts.lower as goalposts_lower,
        goalposts.upper as goalposts_upper,
        goalposts.class as goalposts_class,
        goalposts.year as goalposts_year,
        case when units.weight > 0 and not points.is_stale then points.attainment end as attainment,
        points.base_year,
        points.base_value,
        points.span_years,
        cast(points.judged_scaled - points.base_scaled as double)
        / nullif(units.scale * points.span_years, 0) as observed_change_per_year,
        cast(ratios.target_scaled - points.judged_scaled as double)
        / nullif(units.scale * greatest(targets.pace_year - points.judged_year, 0), 0) as required_change_per_year,
        targets.pace_year,
        ratios.pace_ratio_compound,
        ratios.pace_ratio_linear,
        statuses.status_compound,
        statuses.status_linear,
        statuses.pace_rule,
        statuses.status,
        case
            when statuses.status_compound <> 'not_available' and statuses.status_linear <> 'not_available'
                then statuses.status_compound = statuses.status_linear
        end as rules_agree,
        case
            when statuses.status in ('not_available', 'no_target') then null
            when statuses.status in ('achieved', 'met') then cast(5 as double)
            when points.base_scaled is null then null
            when statuses.progress_ratio >= statuses.moderate_ratio
                then least(7.1429 * statuses.progress_ratio - 4.2857, 5)
            when statuses.progress_ratio is not null then greatest(4.1667 * statuses.progress_ratio - 2.5, -5)
            -- where no change was needed, any change away is the worst, and none is a ratio of 0
            when ratios.improvement < 0 then cast(-5 as double)
            else cast(-2.5 as double)
        end as progress_score,
        points.vintage,
        points.file,
        points.file_sha256,
        points.sheet,
        points.line,
        ratios.observed_growth_rate,
        ratios.required_growth_rate,
        ratios.pace_ratio_linear_from_now,
        ratios.pace_ratio_compound_from_now,
        ratios.share_of_total,
        points.expected_share,
        points.judged_year,
        points.judged_value,
        ratios.trend,
        ratios.trend_rate,
        case when targets.kind = 'keep_at_least' then ratios.is_target_met end as is_level_met,
        case when targets.kind = 'keep_at_least' then ratios.improvement >= 0 end as is_not_declining
    from units
    inner join statuses on units.city_code = statuses.city_code and units.indicator_id = statuses.indicator_id
    left join scorecards.current_values as points
        on units.city_code = points.city_code and units.indicator_id = points.indicator_id
    left join scorecards.pace_ratios as ratios
        on units.city_code = ratios.city_code and units.indicator_id = ratios.indicator_id
    left join scorecards.selected_targets as targets
        on units.city_code = targets.city_code and units.indicator_id = targets.indicator_id
    left join reference.goalposts as goalposts on units.indicator_id = goalposts.indicator_id
)

select * from indicator_scores
