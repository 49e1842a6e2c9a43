-- one row per city, indicator and milestone year for which a target or a reference holds
-- definition: docs/method.md, milestones; the headline target stays the one of city_targets
with holding as (
    select
        applying.*,
        milestones.milestone_year,
        row_number() over (
            partition by applying.city_code, applying.indicator_id, milestones.milestone_year
            order by
                applying.precedence asc,
                case when applying.is_for_named_cities then 0 else 1 end asc,
                indicators.direction * applying.value desc,
                applying.target_id asc
            rows between unbounded preceding and current row
        ) as position
    from scorecards.applying_targets as applying
    inner join reference.indicators as indicators on applying.indicator_id = indicators.indicator_id
    -- a number holds at the milestone of its own year; a standard without a year holds at each
    inner join reference.milestones as milestones
        on applying.year = milestones.milestone_year or applying.year is null
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
        holding.status,
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
        end as needed_per_year,
        coalesce(scores.target_id = holding.target_id, false) as is_headline
    from holding
    inner join reference.indicators as indicators on holding.indicator_id = indicators.indicator_id
    left join scorecards.indicator_scores as scores
        on holding.city_code = scores.city_code and holding.indicator_id = scores.indicator_id
    where holding.position = 1
)

select * from milestone_targets
