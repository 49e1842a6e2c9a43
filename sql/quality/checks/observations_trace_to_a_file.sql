-- table: observations.city_observations
-- severity: error
-- zh: 每个数字都可追溯到一个已收到的文件
-- en: Every figure traces to a file that was received
select
    observations.city_code,
    observations.indicator_id,
    observations.year,
    observations.file_sha256
from observations.city_observations as observations
left join intake.files as files
    on observations.file_sha256 = files.file_sha256 and files.status = 'read'
where files.file_sha256 is null
