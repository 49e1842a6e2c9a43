-- one row per city, derived indicator and year of which both parts have a current figure
-- definition: docs/method.md, derived indicators; rate = numerator / denominator x multiplier, each part in its
-- registered scope, the denominator of the same year or the latest one within the gap that the registry allows
with in_scope as (
    select observations.*
    from observations.city_observations as observations
    inner join reference.indicators as indicators
        on observations.indicator_id = indicators.indicator_id and observations.scope = indicators.scope
    where observations.is_current
),

paired as (
    select
        parts.indicator_id,
        numerators.city_code,
        numerators.year,
        indicators.scope,
        parts.numerator_id,
        numerators.value as numerator_value,
        numerators.qualifier as numerator_qualifier,
        numerators.source_id as numerator_source_id,
        numerators.source_grade as numerator_grade,
        numerators.file as numerator_file,
        numerators.file_sha256 as numerator_sha256,
        numerators.sheet as numerator_sheet,
        numerators.line as numerator_line,
        parts.denominator_id,
        denominators.value as denominator_value,
        denominators.year as denominator_year,
        denominators.qualifier as denominator_qualifier,
        denominators.source_id as denominator_source_id,
        denominators.source_grade as denominator_grade,
        denominators.file as denominator_file,
        denominators.file_sha256 as denominator_sha256,
        denominators.sheet as denominator_sheet,
        denominators.line as denominator_line,
        parts.multiplier
    from reference.indicator_parts as parts
    inner join reference.indicators as indicators on parts.indicator_id = indicators.indicator_id
    inner join in_scope as numerators on parts.numerator_id = numerators.indicator_id
    inner join in_scope as denominators
        on
            parts.denominator_id = denominators.indicator_id
            and numerators.city_code = denominators.city_code
            and numerators.year >= denominators.year
            and numerators.year - parts.maximum_gap_years <= denominators.year
    where denominators.value <> 0
    qualify
        row_number() over (
            partition by parts.indicator_id, numerators.city_code, numerators.year
            order by denominators.year desc
            rows between unbounded preceding and current row
        ) = 1
),

derived_parts as (
    select
        paired.*,
        paired.numerator_value * paired.multiplier / nullif(paired.denominator_value, 0) as value,
        -- a lower bound over anything but a lower bound is a lower bound; the reverse of the denominator
        case
            when
                coalesce(paired.numerator_qualifier, '') <> 'under'
                and coalesce(paired.denominator_qualifier, '') <> 'at_least'
                and (paired.numerator_qualifier = 'at_least' or paired.denominator_qualifier = 'under')
                then 'at_least'
            when
                coalesce(paired.numerator_qualifier, '') <> 'at_least'
                and coalesce(paired.denominator_qualifier, '') <> 'under'
                and (paired.numerator_qualifier = 'under' or paired.denominator_qualifier = 'at_least')
                then 'under'
            when coalesce(paired.numerator_qualifier, paired.denominator_qualifier) is not null then 'about'
        end as qualifier,
        greatest(paired.numerator_grade, paired.denominator_grade) as source_grade,
        reported.value as reported_value,
        1e2 * (paired.numerator_value * paired.multiplier / nullif(paired.denominator_value, 0) - reported.value)
        / nullif(abs(reported.value), 0) as difference_pct
    from paired
    left join in_scope as reported
        on
            paired.indicator_id = reported.indicator_id
            and paired.city_code = reported.city_code
            and paired.year = reported.year
)

select * from derived_parts
