"""The tracking plan: what events exist, what they carry, and what happens to those that do not fit.

`loader` reads the folder into the `model`, `verdicts` judges events by it, `tables` compiles it for
the models. Nothing here imports dagster or dbt.
"""
