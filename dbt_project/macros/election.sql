{#-
  Of all deliveries of one event, which one stands for it: rank 1. A total order of what the deliveries
  say of themselves, so that the answer depends neither on the order of loads nor on their number.
-#}
{% macro election_rank() -%}
    row_number() over (
      partition by event_key
      order by
        received_ts asc nulls last,
        sent_ts asc nulls last,
        raw_sha256 asc,
        landing_date asc,
        file asc,
        line asc,
        item asc,
        load_key asc
    )
{%- endmacro %}
