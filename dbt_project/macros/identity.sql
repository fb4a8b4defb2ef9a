{#- Pseudonyms: md5 with the key of the data directory, so that nobody can guess an id from its hash
    without the key. `kind` is 'a' (anonymous id: a device or cookie) or 'u' (known user). -#}
{% macro pseudonym(prefix, kind, id) -%}
  '{{ prefix }}_' || md5(identity_key || '{{ kind }}:' || {{ id }})
{%- endmacro %}
