"""What channel a landing gets, and why: asked of the models' own SQL, without a warehouse.

May import the plan, ingest's reading of URLs and DuckDB; no Dagster and no dbt.
"""
