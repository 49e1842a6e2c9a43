-- one row per city, indicator and milestone year that has a target or a reference
-- definition: docs/method.md, milestones; the headline target is the one of selected_targets
with holding as (
    select
        applicable.*,
        milestones.milestone_year,
        row_number() over (
            partition by applicable.city_code, applicable.indicator_id, milestones.milestone_year
            order by
                applicable.precedence asc,
                case when applicable.is_for_named_cities then 0 else 1 end asc,
                indicators.direction * applicable.value desc,
                applicable.target_id asc
            rows between unbounded preceding and current row
        ) as position
    from scorecards.applicable_targets as applicable
    inner join reference.indicators as indicators on applicable.indicator_id = indicators.indicator_id
    -- a target applies to the milestone of its own year; a standard without a year applies to each
    inner join reference.milestones as milestones
        on applicable.year = milestones.milestone_year or applicable.year is null
),

milestone_targets as (
    select
        holding.city_code,
        holding.indicator_id,
        holding.milestone_year,
        holding.target_id,
        holding.kind,
        holding.operator,
        holding.value,
        holding.value_high,
        holding.authority,
        scores.value as current_value,
        scores.year as current_year,
        case
            when holding.operator = 'between'
                then greatest(holding.value - scores.value, scores.value - holding.value_high)
            else indicators.direction * (holding.value - scores.value)
        end as gap_to_target,
        case
            when holding.operator <> 'between' and scores.data_status <> 'stale'
                then (holding.value - scores.value) / nullif(greatest(holding.milestone_year - scores.year, 0), 0)
        end as required_change_per_year,
        coalesce(scores.target_id = holding.target_id, false) as is_selected
    from holding
    inner join reference.indicators as indicators on holding.indicator_id = indicators.indicator_id
    left join scorecards.indicator_scores as scores
        on holding.city_code = scores.city_code and holding.indicator_id = scores.indicator_id
    where holding.position = 1
)

select * from milestone_targets
