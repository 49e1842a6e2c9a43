select file, {{ var('segments').key | join(', ') }}
from {{ ref('accepted_segments') }}
group by all
having count(*) > 1
