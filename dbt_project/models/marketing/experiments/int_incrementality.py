"""The sums of experiments that SQL is no language for: event_assets.attribution."""


def model(dbt, session):
    dbt.config(materialized="table")
    from event_assets.attribution.experiments import estimates

    return estimates(dbt.ref("int_experiment_arms").df())
