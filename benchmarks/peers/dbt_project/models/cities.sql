select *
from read_csv('{{ var("province") }}/reference/cities.csv', header = true, all_varchar = true)
