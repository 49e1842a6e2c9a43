select file, {{ var('figures').key | join(', ') }}
from {{ ref('accepted_figures') }}
group by all
having count(*) > 1
