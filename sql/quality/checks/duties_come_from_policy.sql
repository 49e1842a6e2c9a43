-- table: scorecards.indicator_scores
-- severity: error
-- zh: 只有省或城市现行的政策文件才能显示为任务；全国平均值和过期目标不得当作城市的任务
-- en: Only a document of the province or the city that is in force is a duty; a national average never is
select
    scores.city_code,
    scores.indicator_id,
    scores.target_id,
    scores.target_authority,
    targets.authority,
    targets.year
from scorecards.indicator_scores as scores
left join reference.targets as targets on scores.target_id = targets.target_id
cross join reference.parameters as parameters
where
    scores.target_authority in ('policy_city', 'policy_province')
    and (
        targets.authority is null
        or targets.authority <> scores.target_authority
        or targets.year < parameters.assessment_year
    )
