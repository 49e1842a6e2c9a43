select * exclude (fault) from {{ ref('judged_segments') }} where fault is null
