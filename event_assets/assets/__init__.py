"""The assets: wiring and evidence only; the work is done by `ingest`, `plan`, dbt and `publish`.

May import dagster and everything else of the package.
"""
