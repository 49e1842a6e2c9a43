select * exclude (fault) from {{ ref('judged_figures') }} where fault is null
