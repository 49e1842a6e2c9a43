-- one row per basket, city and indicator of the basket
-- definition: docs/method.md, ranges; weights and attainments are scaled to integers, so that their sums are exact
with weighted as (
    select
        members.basket_id,
        scores.city_code,
        scores.indicator_id,
        scores.dimension_id,
        scores.attainment is not null as is_scored,
        scores.target_authority,
        scores.source_grade,
        scores.year,
        cast(floor(coalesce(members.weight, scores.weight) * 1e6 + 0.5) as bigint) as weight_scaled,
        cast(floor(scores.attainment * 1e8 + 0.5) as bigint) as attainment_scaled
    from reference.basket_indicators as members
    inner join scorecards.indicator_scores as scores on members.indicator_id = scores.indicator_id
),

basket_members as (
    select * from weighted
    where weight_scaled > 0
)

select * from basket_members
