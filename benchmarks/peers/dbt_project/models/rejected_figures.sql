select * from {{ ref('judged_figures') }} where fault is not null
