-- one row per basket, scored item and pair of cities whose order no missing figure can change
-- definition: docs/method.md, ranges; the lower end of one is above the upper end of the other
with listed as (
    select count(*) as cities
    from reference.cities
),

wide_enough as (
    select
        ranges.basket_id,
        ranges.level,
        ranges.item_id,
        ranges.city_code,
        ranges.evidenced,
        ranges.possible
    from scorecards.score_ranges as ranges
    cross join reference.parameters as parameters
    cross join listed
    where
        ranges.indicators_total >= parameters.minimum_group_indicators
        and listed.cities <= parameters.paired_cities_max
),

certain_pairs as (
    select
        ahead.basket_id,
        ahead.level,
        ahead.item_id,
        ahead.city_code,
        behind.city_code as other_city_code,
        floor((ahead.evidenced - behind.possible) * 1e8 + 0.5) / 1e8 as margin
    from wide_enough as ahead
    inner join wide_enough as behind
        on
            ahead.basket_id = behind.basket_id
            and ahead.level = behind.level
            and ahead.item_id = behind.item_id
            and ahead.evidenced > behind.possible
)

select * from certain_pairs
