{{ config(unit='date', follows=['credit_date']) }}

{{ credits_by_platform(ref('int_rule_credits'), only_changed('credits.date')) }}
