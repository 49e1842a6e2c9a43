-- one row per city and indicator of the headline basket that counts in a rank of the city, with or without a score
-- definition: docs/method.md, rank intervals; values have the sign that makes higher better
with headline_members as (
    select members.*
    from scorecards.basket_members as members
    inner join reference.baskets as baskets on members.basket_id = baskets.basket_id
    where baskets.is_headline
),

counted as (
    select
        members.city_code,
        members.indicator_id,
        members.dimension_id,
        members.weight_scaled,
        dimensions.weight as dimension_weight,
        dimension_scores.rank as dimension_rank,
        case when dimensions.is_in_index then city_scores.rank end as index_rank
    from headline_members as members
    inner join reference.dimensions as dimensions on members.dimension_id = dimensions.dimension_id
    inner join scorecards.dimension_scores as dimension_scores
        on
            members.basket_id = dimension_scores.basket_id
            and members.city_code = dimension_scores.city_code
            and members.dimension_id = dimension_scores.dimension_id
    inner join scorecards.city_scores as city_scores
        on members.basket_id = city_scores.basket_id and members.city_code = city_scores.city_code
),

errors as (
    select
        scores.city_code,
        scores.indicator_id,
        coalesce(by_source.relative_error, case scores.source_grade
            when 'A' then parameters.measurement_error_a
            when 'B' then parameters.measurement_error_b
            else parameters.measurement_error_c
        end) as relative_error
    from scorecards.indicator_scores as scores
    cross join reference.parameters as parameters
    left join scorecards.measurement_errors as by_source on scores.source_id = by_source.source_id
),

ranking_inputs as (
    select
        counted.city_code,
        counted.indicator_id,
        counted.dimension_id,
        case when scores.attainment is not null then history.unclipped_attainment end as raw_attainment,
        -- with a range, nearer to it is better, which its attainment measures
        case
            when scores.attainment is null then null
            when goalposts.tolerance is not null then history.unclipped_attainment
            else indicators.direction * scores.value
        end as oriented_value,
        case
            when scores.attainment is null then null
            when goalposts.scale = 'log'
                then 1e2 * errors.relative_error / nullif(abs(ln(goalposts.upper / nullif(goalposts.lower, 0))), 0)
            else
                1e2 * errors.relative_error * abs(scores.value)
                / nullif(coalesce(goalposts.tolerance, abs(goalposts.upper - goalposts.lower)), 0)
        end as attainment_error,
        case
            when scores.attainment is null then null
            when goalposts.tolerance is not null
                then 1e2 * errors.relative_error * abs(scores.value) / nullif(goalposts.tolerance, 0)
            else errors.relative_error * abs(scores.value)
        end as value_error,
        goalposts.tolerance is not null as has_range,
        cast(counted.weight_scaled as double) / 1e6 as weight,
        counted.dimension_weight,
        counted.dimension_rank,
        counted.index_rank
    from counted
    inner join scorecards.indicator_scores as scores
        on counted.city_code = scores.city_code and counted.indicator_id = scores.indicator_id
    inner join reference.indicators as indicators on counted.indicator_id = indicators.indicator_id
    inner join reference.goalposts as goalposts on counted.indicator_id = goalposts.indicator_id
    left join scorecards.attainment_history as history
        on
            scores.city_code = history.city_code
            and scores.indicator_id = history.indicator_id
            and scores.year = history.year
    left join errors on counted.city_code = errors.city_code and counted.indicator_id = errors.indicator_id
    where counted.dimension_rank is not null or counted.index_rank is not null
)

select * from ranking_inputs
