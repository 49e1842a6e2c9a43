-- one row per area above the city and target that is set for the area as a whole
-- definition: docs/method.md, targets of the province; by the linear rule, an expired target in its own year
with compared as (
    select
        points.*,
        parameters.on_track_ratio,
        parameters.moderate_ratio,
        case
            when points.operator = 'between'
                then points.value_scaled >= points.target_scaled and points.value_scaled <= points.target_high_scaled
            when points.operator = '>' then points.value_scaled > points.target_scaled
            when points.operator = '<' then points.value_scaled < points.target_scaled
            else points.direction * (points.value_scaled - points.target_scaled) >= 0
        end as is_met,
        case
            when points.operator = 'between'
                then
                    greatest(
                        points.target_scaled - points.base_scaled, points.base_scaled - points.target_high_scaled, 0
                    )
                    - greatest(
                        points.target_scaled - points.value_scaled, points.value_scaled - points.target_high_scaled, 0
                    )
            else points.direction * (points.value_scaled - points.base_scaled)
        end as improvement,
        case
            when points.operator <> 'between' then points.direction * (points.target_scaled - points.base_scaled)
        end as distance
    from scorecards.province_points as points
    cross join reference.parameters as parameters
),

paced as (
    select
        *,
        case
            when distance > 0 and pace_year > base_year
                then
                    cast(improvement * (pace_year - base_year) as double)
                    / nullif(cast(distance * (year - base_year) as double), 0)
        end as pace_ratio_linear
    from compared
),

province_targets as (
    select
        province_code,
        target_id,
        indicator_id,
        kind,
        operator,
        target_value,
        target_value_high,
        target_year,
        authority,
        value,
        year,
        is_met,
        case
            when operator = 'between' then greatest(target_value - value, value - target_value_high)
            else direction * (target_value - value)
        end as gap_to_target,
        base_year,
        base_value,
        pace_ratio_linear,
        case
            when value is null then 'not_available'
            when authority = 'expired' then case when is_met then 'met' else 'missed' end
            when base_year is null or is_stale then 'not_available'
            when is_met and improvement >= 0 then 'achieved'
            when is_met then 'achieved_declining'
            when improvement < 0 then 'deteriorating'
            when pace_ratio_linear >= on_track_ratio then 'on_track'
            when pace_ratio_linear >= moderate_ratio then 'moderate'
            when pace_ratio_linear is not null then 'limited'
            else 'not_available'
        end as status,
        source_id,
        source_grade,
        file,
        line
    from paced
)

select * from province_targets
