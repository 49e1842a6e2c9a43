-- table: observations.city_observations
-- severity: error
-- zh: 每个数字都是有限数，且在其指标的物理上下限之内
-- en: Every figure is finite and lies within the physical limits of its indicator
select
    observations.city_code,
    observations.indicator_id,
    observations.year,
    observations.value,
    indicators.minimum,
    indicators.maximum
from observations.city_observations as observations
inner join reference.indicators as indicators on observations.indicator_id = indicators.indicator_id
where
    observations.value < indicators.minimum
    or observations.value > indicators.maximum
    or not isfinite(observations.value)
