select * from {{ ref('judged_segments') }} where fault is not null
