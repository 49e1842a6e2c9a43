-- one row per detector and status of its flags
-- definition: docs/plausibility.md; the gravest status first
with judged as (
    select
        detector,
        case when is_approved then 'approved' else severity end as severity,
        case
            when is_approved then 4
            when severity = 'blocking' then 1
            when severity = 'warning' then 2
            else 3
        end as status_position
    from quality.flags
),

counted as (
    select
        judged.status_position,
        judged.detector,
        judged.severity,
        detectors.name_zh,
        detectors.name_en,
        detectors.looks_for_zh,
        detectors.looks_for_en,
        count(*) as flags
    from judged
    inner join reference.detectors as detectors on judged.detector = detectors.detector_id
    group by
        judged.status_position,
        judged.detector,
        judged.severity,
        detectors.name_zh,
        detectors.name_en,
        detectors.looks_for_zh,
        detectors.looks_for_en
)

select * from counted
