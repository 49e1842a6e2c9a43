{# the rules of a contract as one expression, and its columns as what they read as #}
{% macro fault(columns) -%}
    case
    {%- for column in columns %}
        {%- if column.required %}
        when {{ column.name }} is null then '{{ column.name }} is missing'
        {%- endif %}
        {%- if column.type in ('number', 'integer') %}
        when {{ column.name }} is not null and try_cast({{ column.name }} as {{ kind(column) }}) is null
            then '{{ column.name }} is no number'
        {%- endif %}
        {%- if column.minimum is not none %}
        when try_cast({{ column.name }} as double) < {{ column.minimum }} then '{{ column.name }} is too low'
        {%- endif %}
        {%- if column.maximum is not none %}
        when try_cast({{ column.name }} as double) > {{ column.maximum }} then '{{ column.name }} is too high'
        {%- endif %}
        {%- if column.type == 'place' %}
        when {{ column.name }} not in (select name_zh from {{ ref('cities') }}) then '{{ column.name }} is unknown'
        {%- elif column.allowed is not none %}
        when {{ column.name }} not in ('{{ column.allowed | join("', '") }}') then '{{ column.name }} is not allowed'
        {%- endif %}
    {%- endfor %}
    end
{%- endmacro %}

{% macro kind(column) -%}
    {{ {'number': 'double', 'integer': 'bigint'}.get(column.type, 'varchar') }}
{%- endmacro %}

{% macro checked(rules) %}
with numbered as (
    select *, row_number() over () as number
    from read_csv('{{ var("province") }}/inbox/{{ rules.dataset }}/*.csv', all_varchar = true, filename = true)
),

first_numbers as (
    select filename, min(number) as first_number from numbered group by filename
)

select
    {%- for column in rules.columns %}
    {%- if column.type == 'boolean' %}
    {{ column.name }} = '是' as {{ column.name }},
    {%- else %}
    try_cast({{ column.name }} as {{ kind(column) }}) as {{ column.name }},
    {%- endif %}
    {%- endfor %}
    parse_filename(filename) as file,
    number - first_number + 2 as line,
    {{ fault(rules.columns) }} as fault
from numbered inner join first_numbers using (filename)
{% endmacro %}

{% macro judged(rules) %}
{%- set key = (['file'] + rules.key) | join(', ') %}
{%- set content = rules.columns | map(attribute='name') | join(', ') %}
with repeated as (
    select
        file,
        line,
        row_number() over (partition by {{ key }} order by line) as repeat,
        count(distinct row({{ content }})) over (partition by {{ key }}) as contents
    from {{ ref('checked_' ~ rules.dataset) }}
    where fault is null
    qualify count(*) over (partition by {{ key }}) > 1
)

select
    rows.* exclude (fault),
    case
        when rows.fault is not null then rows.fault
        when repeated.contents > 1 then 'the key is contradicted'
        when repeated.repeat > 1 then 'the key is repeated'
    end as fault
from {{ ref('checked_' ~ rules.dataset) }} as rows
left join repeated on rows.file = repeated.file and rows.line = repeated.line
{% endmacro %}

{% macro reference(name) %}
select * from read_csv('{{ var("province") }}/reference/{{ name }}.csv', header = true)
{% endmacro %}
