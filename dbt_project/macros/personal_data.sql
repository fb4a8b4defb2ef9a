{#-
  What personal data looks like in a text: regular expressions without look-around and backslashes, so that
  every engine reads them alike. Each wants its number to stand alone: no part of an id, of a decimal or of
  a UUID. URLs are searched as they are, so `%40`, `%2B`, `%20` and `+` stand for what they encode.
-#}
{%- macro personal_data_patterns() -%}
  {%- set letter = 'A-Za-zÀ-ỿ぀-鿿' -%}
  {%- set before = '(^|[^0-9A-Za-z._-]|%[0-9A-Fa-f]{2})' -%}
  {%- set gap = '( |-|[+]|%20)' -%}
  {%- set plus = '([+]|%2[Bb])[ (]{0,2}[1-9]' -%}
  {#- by the ranges that the networks issue, with their lengths: a number led by a date or a time is none -#}
  {%- set issued = [
    '4[0-9]{12}|4[0-9]{15}|4[0-9]{18}',
    '5[1-5][0-9]{14}|2(22[1-9]|2[3-9][0-9]|[3-6][0-9]{2}|7[01][0-9]|720)[0-9]{12}|220[0-4][0-9]{12}',
    '3[47][0-9]{13}|3(0[0-5]|[689][0-9])[0-9]{11}|35(2[89]|[3-8][0-9])[0-9]{12}',
    '6(011|5[0-9]{2}|4[4-9][0-9])[0-9]{12}|62[0-9]{14,17}',
    '(5018|5020|5038|5893|6304|6759|676[1-3])[0-9]{9,15}',
    '[2-6][0-9]{3}' ~ gap ~ '[0-9]{4}' ~ gap ~ '[0-9]{4}' ~ gap ~ '[0-9]{4}',
    '3[0-9]{3}' ~ gap ~ '[0-9]{6}' ~ gap ~ '[0-9]{4,5}',
  ] -%}
  {%- set secret = '(token|secret|password|passwd|api[_-]?key|access[_-]?key)' -%}
  {%- set session = '(jwt|pwd|jsessionid|phpsessid)' -%}
  {#- names that other things have as well: of these a short value is none -#}
  {%- set perhaps_session = '(sid|auth|session[_-]?id)' -%}
  {%- set equals = '(]|%5[Dd])?(=|%3[Dd])' -%}
  {{ return({
    'email': '[' ~ letter ~ '0-9._%+-](@|%40)[' ~ letter ~ '0-9-]+([.][' ~ letter ~ '0-9-]+)*[.]([' ~ letter ~ ']{2}|xn--)',
    'card_number': before ~ '(' ~ issued | join('|') ~ ')',
    'phone': '(^|[^0-9A-Za-z]|%[0-9A-Fa-f]{2})' ~ plus ~ '(([ ()./+-]{0,2}|%20)[0-9]){8,14}([^0-9A-Za-z]|$)'
      ~ '|(^|[^0-9A-Za-z.+-])00[1-9][0-9]{0,2}[ ()/]{1,3}[0-9]([ ()/-]{0,2}[0-9]){7,12}([^0-9A-Za-z]|$)'
      ~ '|(^|[^0-9A-Za-z.+-])([(][2-9][0-9]{2}[)] ?|[2-9][0-9]{2}[ .-])[0-9]{3}[ .-][0-9]{4}([^0-9A-Za-z.-]|$)',
    'url_token': '(?i:([?&#;]|%3f|%26)([^?&#;=/ ]*' ~ secret ~ equals ~ '[^&#; ]'
      ~ '|([^?&#;=/ ]*[^0-9A-Za-z%?&#;=/ ])?(' ~ session ~ equals ~ '[^&#; ]|' ~ perhaps_session ~ equals ~ '[^&#; ]{8})))'
      ~ '|(^|[^0-9A-Za-z_-])eyJ[0-9A-Za-z_-]{8,}[.][0-9A-Za-z_-]{8,}[.][0-9A-Za-z_-]*',
    'file': '(@|%40)[0-9A-Za-z_-]+[.](png|jpe?g|gif|svg|webp|avif|ico|css|m?js|json|html?|pdf|mp4)([^0-9A-Za-z.-]|$)',
    'repository': '(^|[^0-9A-Za-z])git(@|%40)[0-9A-Za-z.-]+(:|%3[Aa])'
      ~ '|(@|%40)[0-9A-Za-z_.-]+(/|%2[Ff])[0-9A-Za-z_.-]+(@|%40)[0-9]+[.][0-9A-Za-z.+-]*',
    'page_token': '(?i:([?&#;]|%3f|%26)(((next|prev|previous)[_-]?)?page|(x[_-])?[cx]srf)[_-]?token(=|%3d))',
    'suspicion': '[' ~ letter ~ '0-9._%+-](@|%40)[' ~ letter ~ '0-9]'
      ~ '|(^|[^0-9A-Za-z._-]|[nrt]|%[0-9A-Fa-f]{2})[2-6][0-9]{3}' ~ gap ~ '?[0-9]{4,6}' ~ gap ~ '?[0-9]{3}'
      ~ '|(^|[^0-9A-Za-z]|[nrt]|%[0-9A-Fa-f]{2})' ~ plus ~ '|00[1-9][0-9]{0,2}[ ()/]|[2-9][0-9]{2}([)] ?|[ .-])[0-9]{3}[ .-][0-9]{4}'
      ~ '|(?i:(' ~ secret ~ '|' ~ session ~ '|' ~ perhaps_session ~ ')' ~ equals ~ ')|eyJ[0-9A-Za-z_-]{8}',
  }) }}
{%- endmacro -%}

{#- One quick pass for all patterns: a text without it holds none of them. (n, r and t may end what JSON
    writes for a line break.) -#}
{% macro may_hold_personal_data(text) -%}
  coalesce({{ matches(text, "'" ~ personal_data_patterns().suspicion ~ "'") }}, false)
{%- endmacro %}

{% macro holds_email(text) -%}
  {#- neither `logo@2x.png` nor `git@example.com:` nor `@scope/package@1.2.io` is an address -#}
  {%- set others = personal_data_patterns().file ~ '|' ~ personal_data_patterns().repository -%}
  {{ matches(replace_matches(text, "'" ~ others ~ "'", "' '"), "'" ~ personal_data_patterns().email ~ "'") }}
{%- endmacro %}

{% macro holds_phone(text) -%}
  {{ matches(text, "'" ~ personal_data_patterns().phone ~ "'") }}
{%- endmacro %}

{% macro holds_url_token(text) -%}
  {#- where to read on, and what guards a form, opens nothing -#}
  {%- set asked = replace_matches(text, "'" ~ personal_data_patterns().page_token ~ "'", "'&'") -%}
  {{ matches(asked, "'" ~ personal_data_patterns().url_token ~ "'") }}
{%- endmacro %}

{#- Without its check digit every tenth order number would do. -#}
{% macro holds_card_number(text) -%}
  {{ any_match_passes_luhn(text, "'" ~ personal_data_patterns().card_number ~ "'", 2) }}
{%- endmacro %}

{#- Whether the digits of a text of 20, padded with zeros on the left, have a valid check digit. In the
    string of the second case the place of a digit tells the sum of digits of its double. -#}
{% macro passes_luhn(digits) -%}
  (
    {%- for place in range(1, 21) -%}
      {%- if place % 2 == 0 -%}cast(substr({{ digits }}, {{ place }}, 1) as integer)
      {%- else -%}instr('0516273849', substr({{ digits }}, {{ place }}, 1)) - 1{%- endif -%}
      {{ ' + ' if not loop.last }}
    {%- endfor -%}
  ) % 10 = 0
{%- endmacro %}

{% macro holds_personal_data(text) -%}
  (
    {{ may_hold_personal_data(text) }}
    and ({{ holds_email(text) }} or {{ holds_card_number(text) }} or {{ holds_phone(text) }} or {{ holds_url_token(text) }})
  )
{%- endmacro %}

{#- A name, unless it is itself personal data: that must not travel on into what is published. -#}
{% macro name_unless_personal(name) -%}
  case when {{ holds_personal_data(name) }} then '(withheld)' else {{ name }} end
{%- endmacro %}
