select * from {{ ref('accepted_segments') }} where length_km not between 0 and 100 or year not between 1900 and 2100
