-- one row per city and indicator, with or without a figure
-- definition: docs/method.md, pace and status
with units as (
    select
        cities.city_code,
        indicators.*,
        method.assessment_year,
        method.minimum_span_years,
        method.on_track_ratio,
        method.moderate_ratio,
        coalesce(indicators.base_year, method.default_base_year) as first_base_year,
        power(1e1, indicators.decimals) as scale
    from reference.indicators as indicators
    cross join reference.cities as cities
    cross join reference.method as method
),

current_points as (
    select history.*
    from scorecards.attainment_history as history
    cross join reference.method as method
    where history.year <= method.assessment_year
    qualify
        row_number() over (
            partition by history.city_code, history.indicator_id
            order by history.year desc
            rows between unbounded preceding and current row
        ) = 1
),

base_points as (
    select
        history.city_code,
        history.indicator_id,
        history.year,
        history.value,
        history.value_scaled
    from scorecards.attainment_history as history
    inner join units
        on history.city_code = units.city_code and history.indicator_id = units.indicator_id
    inner join current_points
        on history.city_code = current_points.city_code and history.indicator_id = current_points.indicator_id
    where
        history.year >= units.first_base_year
        and current_points.year - history.year >= units.minimum_span_years
    qualify
        row_number() over (
            partition by history.city_code, history.indicator_id
            order by history.year
            rows between unbounded preceding and current row
        ) = 1
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
        base_points.year as base_year_used,
        base_points.value as base_value,
        base_points.value_scaled as base_scaled,
        current_points.year - base_points.year as span_years,
        targets.target_id,
        targets.kind as chosen_kind,
        targets.operator as target_operator,
        targets.value as target_value,
        targets.value_high as target_value_high,
        targets.year as target_year,
        targets.status as target_status,
        targets.pace_year,
        cast(floor(targets.value * units.scale + 0.5) as bigint) as target_scaled,
        cast(floor(targets.value_high * units.scale + 0.5) as bigint) as target_high_scaled
    from units
    left join current_points
        on units.city_code = current_points.city_code and units.indicator_id = current_points.indicator_id
    left join base_points
        on units.city_code = base_points.city_code and units.indicator_id = base_points.indicator_id
    left join scorecards.city_targets as targets
        on units.city_code = targets.city_code and units.indicator_id = targets.indicator_id
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
        case when target_operator <> 'between' then direction * (target_scaled - base_scaled) end as distance
    from points
),

paced as (
    select
        *,
        -- exact until the one division: a series on the required pace gives exactly 1
        case
            when distance > 0 and pace_year > base_year_used
                then
                    cast(improvement * (pace_year - base_year_used) as double)
                    / nullif(cast(distance * span_years as double), 0)
        end as pace_linear,
        case
            when
                base_scaled > 0 and now_scaled > 0 and target_scaled > 0
                and distance > 0 and pace_year > base_year_used
                -- a count that adds up from zero grows by amounts, not by rates
                and target_kind <> 'cumulative'
                then
                    direction
                    * (
                        power(
                            cast(now_scaled as double) / nullif(cast(base_scaled as double), 0),
                            cast(1 as double) / nullif(span_years, 0)
                        ) - 1
                    )
                    / nullif(abs(
                        power(
                            cast(target_scaled as double) / nullif(cast(base_scaled as double), 0),
                            cast(1 as double) / nullif(pace_year - base_year_used, 0)
                        ) - 1
                    ), 0)
        end as pace_compound
    from compared
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
        end as plain_status
    from paced
),

both_rules as (
    select
        *,
        coalesce(plain_status, case
            when now_scaled is null or pace_linear is null then 'not_available'
            when pace_linear >= on_track_ratio then 'on_track'
            when pace_linear >= moderate_ratio then 'moderate'
            else 'limited'
        end) as status_linear,
        coalesce(plain_status, case
            when now_scaled is null or pace_compound is null then 'not_available'
            when pace_compound >= on_track_ratio then 'on_track'
            when pace_compound >= moderate_ratio then 'moderate'
            else 'limited'
        end) as status_compound
    from judged
),

headlined as (
    select
        *,
        -- growth rates break on zero and on sign changes; there the rule is linear, and the column says so
        case
            when pace_rule = 'compound' and (pace_compound is null or target_kind = 'cumulative') then 'linear'
            else pace_rule
        end as rule_used
    from both_rules
),

scored as (
    select
        *,
        case when rule_used = 'compound' then pace_compound else pace_linear end as pace,
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
        coalesce(scored.target_status, 'none') as target_status,
        scored.is_target_met,
        case
            when scored.target_operator = 'between'
                then greatest(scored.target_value - scored.value, scored.value - scored.target_value_high)
            else scored.direction * (scored.target_value - scored.value)
        end as gap_to_target,
        goalposts.floor,
        goalposts.upper,
        goalposts.class as goalposts_class,
        goalposts.year as goalposts_year,
        case when scored.weight > 0 and not scored.is_stale then scored.attainment_now end as attainment,
        scored.base_year_used as base_year,
        scored.base_value,
        scored.span_years,
        cast(scored.now_scaled - scored.base_scaled as double)
        / nullif(scored.scale * scored.span_years, 0) as trend_per_year,
        cast(scored.target_scaled - scored.now_scaled as double)
        / nullif(scored.scale * (scored.pace_year - scored.year), 0) as needed_per_year,
        scored.pace_year,
        scored.pace_compound,
        scored.pace_linear,
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
        scored.line
    from scored
    left join reference.goalposts as goalposts on scored.indicator_id = goalposts.indicator_id
)

select * from indicator_scores
