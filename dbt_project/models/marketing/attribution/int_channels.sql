{{ config(materialized='view') }}

{{ channel_numbers() }}
