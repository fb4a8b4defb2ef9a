"""The sums that SQL is no language for: event_assets.attribution."""


def model(dbt, session):
    dbt.config(materialized="table")
    from event_assets.attribution.weights import model_weights

    return model_weights(
        dbt.ref("int_channels").df(),
        dbt.ref("int_transition_counts").df(),
        dbt.ref("int_channel_set_counts").df(),
    )
