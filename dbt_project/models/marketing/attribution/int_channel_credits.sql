{{ config(unit='date', follows=['credit_date']) }}

{{ credits_by_channel(ref('int_rule_credits'), only_changed('date')) }}
