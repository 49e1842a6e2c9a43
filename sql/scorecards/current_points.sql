-- one row per city and indicator that has a figure: the latest one, the one that its target is judged by, and the base
-- definition: docs/method.md, pace and status; an expired target is judged by the first figure from its own year on
with spans as (
    select
        history.city_code,
        history.indicator_id,
        max(history.year) as year,
        min(history.year) filter (
            where history.year >= coalesce(indicators.base_year, parameters.default_base_year)
        ) as first_year
    from scorecards.attainment_history as history
    inner join reference.indicators as indicators on history.indicator_id = indicators.indicator_id
    cross join reference.parameters as parameters
    where history.year <= parameters.assessment_year
    group by history.city_code, history.indicator_id
),

expired as (
    select
        targets.city_code,
        targets.indicator_id,
        min(history.year) as judged_year
    from scorecards.selected_targets as targets
    cross join reference.parameters as parameters
    left join scorecards.attainment_history as history
        on
            targets.city_code = history.city_code
            and targets.indicator_id = history.indicator_id
            and targets.year <= history.year
            and parameters.assessment_year >= history.year
    where targets.authority = 'expired'
    group by targets.city_code, targets.indicator_id
),

judged as (
    select
        spans.*,
        case when expired.indicator_id is not null then expired.judged_year else spans.year end as judged_year
    from spans
    left join expired on spans.city_code = expired.city_code and spans.indicator_id = expired.indicator_id
),

-- figures before a break cannot be compared with later ones
breaks as (
    select
        judged.city_code,
        judged.indicator_id,
        greatest(max(broken.year), max(judged.first_year)) as year
    from judged
    inner join reference.series_breaks as broken
        on judged.indicator_id = broken.indicator_id and judged.judged_year >= broken.year
    where broken.city_code is null or judged.city_code = broken.city_code
    group by judged.city_code, judged.indicator_id
),

after_breaks as (
    select
        history.city_code,
        history.indicator_id,
        min(history.year) as first_year
    from scorecards.attainment_history as history
    inner join breaks on history.city_code = breaks.city_code and history.indicator_id = breaks.indicator_id
    where history.year >= breaks.year
    group by history.city_code, history.indicator_id
),

based as (
    select
        judged.*,
        parameters.minimum_span_years,
        case when after_breaks.indicator_id is not null then after_breaks.first_year else judged.first_year end
            as base_candidate
    from judged
    cross join reference.parameters as parameters
    left join after_breaks
        on judged.city_code = after_breaks.city_code and judged.indicator_id = after_breaks.indicator_id
),

-- if the first year is too near, so is every later one
wanted as (
    select
        city_code,
        indicator_id,
        year,
        judged_year,
        case when judged_year - base_candidate >= minimum_span_years then base_candidate end as base_year
    from based
),

points as (
    select
        history.city_code,
        history.indicator_id,
        history.year,
        history.value,
        history.value_scaled,
        wanted.judged_year,
        wanted.base_year
    from scorecards.attainment_history as history
    inner join wanted on history.city_code = wanted.city_code and history.indicator_id = wanted.indicator_id
    where history.year = wanted.judged_year or history.year = wanted.base_year
),

values_of_points as (
    select
        city_code,
        indicator_id,
        max(value) filter (where year = judged_year) as judged_value,
        max(value_scaled) filter (where year = judged_year) as judged_scaled,
        max(value) filter (where year = base_year) as base_value,
        max(value_scaled) filter (where year = base_year) as base_scaled
    from points
    group by city_code, indicator_id
),

current_points as (
    select
        history.city_code,
        history.indicator_id,
        history.year,
        history.value,
        history.qualifier,
        history.scope,
        history.attainment,
        history.value_scaled,
        history.vintage,
        history.source_id,
        history.source_grade,
        history.note,
        history.file,
        history.file_sha256,
        history.sheet,
        history.line,
        parameters.minimum_span_years,
        coalesce(indicators.base_year, parameters.default_base_year) as first_base_year,
        parameters.assessment_year - history.year > indicators.maximum_age_years as is_stale,
        wanted.judged_year,
        at_points.judged_value,
        at_points.judged_scaled,
        wanted.base_year,
        at_points.base_value,
        at_points.base_scaled
    from wanted
    inner join scorecards.attainment_history as history
        on
            wanted.city_code = history.city_code
            and wanted.indicator_id = history.indicator_id
            and wanted.year = history.year
    inner join reference.indicators as indicators on history.indicator_id = indicators.indicator_id
    cross join reference.parameters as parameters
    left join values_of_points as at_points
        on history.city_code = at_points.city_code and history.indicator_id = at_points.indicator_id
)

select * from current_points
