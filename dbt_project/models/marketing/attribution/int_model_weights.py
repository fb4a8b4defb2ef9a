"""The sums that SQL is no language for: event_assets.attribution."""


def model(dbt, session):
    dbt.config(materialized="table")
    from dbt.flags import get_flags

    from event_assets.attribution.weights import counts_fingerprint, model_weights

    channels = dbt.ref("int_channels").df()
    steps = dbt.ref("int_transition_counts").df()
    sets = dbt.ref("int_channel_set_counts").df()
    fingerprint = counts_fingerprint(channels, steps, sets)
    if not get_flags().FULL_REFRESH and is_solved(session, dbt.this, fingerprint):
        return session.sql(f"select * from {dbt.this}")
    return model_weights(channels, steps, sets).assign(counts_fingerprint=fingerprint)


def is_solved(session, this, fingerprint):
    """Whether the table is what these counts make: chains take seconds, and most days change nothing old."""
    known = session.execute(
        "select 1 from duckdb_columns() where schema_name = ? and table_name = ?"
        " and column_name = 'counts_fingerprint'",
        [this.schema, this.identifier],
    ).fetchall()
    if not known:
        return False
    found = session.execute(f"select distinct counts_fingerprint from {this}").fetchall()
    return found == [(fingerprint,)]
