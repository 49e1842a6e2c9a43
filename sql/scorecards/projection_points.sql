-- one row per city, indicator and year that a projection uses
-- definition: docs/method.md, projection; the latest yearly points since the last break in the series
with breaks as (
    select
        history.city_code,
        history.indicator_id,
        max(broken.year) as first_year
    from scorecards.indicator_scores as history
    inner join reference.series_breaks as broken
        on
            history.indicator_id = broken.indicator_id
            and (broken.city_code is null or history.city_code = broken.city_code)
    cross join reference.parameters as parameters
    where broken.year <= parameters.assessment_year
    group by history.city_code, history.indicator_id
),

since_the_break as (
    select
        history.city_code,
        history.indicator_id,
        history.year,
        history.value,
        breaks.first_year as break_year,
        parameters.projection_points_max,
        row_number() over (
            partition by history.city_code, history.indicator_id
            order by history.year desc
            rows between unbounded preceding and current row
        ) as position
    from scorecards.attainment_history as history
    cross join reference.parameters as parameters
    left join breaks on history.city_code = breaks.city_code and history.indicator_id = breaks.indicator_id
    where
        history.year <= parameters.assessment_year
        and (breaks.first_year is null or history.year >= breaks.first_year)
),

projection_points as (
    select
        city_code,
        indicator_id,
        year,
        value,
        break_year
    from since_the_break
    where position <= projection_points_max
)

select * from projection_points
