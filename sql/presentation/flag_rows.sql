-- one row per flagged value and detector
-- definition: docs/plausibility.md; each flag with its names, the value it is about and whether that is held back
with named as (
    select
        flags.*,
        case when flags.is_approved then 'approved' else flags.severity end as flag_status,
        case
            when flags.is_approved then 4
            when flags.severity = 'blocking' then 1
            when flags.severity = 'warning' then 2
            else 3
        end as status_position,
        detectors.name_zh as detector_zh,
        detectors.name_en as detector_en,
        detectors.looks_for_zh,
        detectors.looks_for_en,
        indicators.name_zh,
        indicators.name_en,
        indicators.unit,
        indicators.decimals,
        coalesce(cities.name_zh, provinces.name_zh) as place_zh,
        coalesce(cities.name_en, provinces.name_en) as place_en,
        sent.value as observed_value,
        coalesce(sent.is_quarantined, false) as is_quarantined
    from quality.flags as flags
    inner join reference.detectors as detectors on flags.detector = detectors.detector_id
    inner join reference.indicators as indicators on flags.indicator_id = indicators.indicator_id
    left join reference.cities as cities on flags.city_code = cities.city_code
    left join reference.provinces as provinces on flags.province_code = provinces.province_code
    left join observations.city_observations as sent
        on
            flags.city_code = sent.city_code
            and flags.indicator_id = sent.indicator_id
            and flags.year = sent.year
            and flags.scope = sent.scope
            and flags.vintage = sent.vintage
)

select * from named
