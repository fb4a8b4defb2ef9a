{#- The factor into the reporting currency: 1 for amounts in it or without a currency, null where no rate is known. -#}
{% macro rate(currency, rate_column) -%}
  case when coalesce({{ currency }}, {{ setting('currency') }}) = {{ setting('currency') }} then 1.0 else {{ rate_column }} end
{%- endmacro %}

{#- A sum of fractions that does not depend on the order of the rows: doubles added in another order differ
    in the last digits, and an incremental table would not equal a rebuilt one. -#}
{% macro exact_sum(expression) -%}
  cast(sum(cast({{ expression }} as decimal(28, 10))) as double)
{%- endmacro %}

{#- The same, and null as soon as one addend is: an amount without its exchange rate makes the sum unknown. -#}
{% macro exact_sum_or_null(expression) -%}
  case when count(*) = count({{ amount(expression) }}) then {{ exact_sum(amount(expression)) }} end
{%- endmacro %}

{#- An amount that can be one: beyond 10^15 a number is a mistake, and null, so that it is counted as missing. -#}
{% macro amount(expression) -%}
  case when abs({{ expression }}) < 1e15 then {{ expression }} end
{%- endmacro %}
