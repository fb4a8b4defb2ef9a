"""Where events come in: the server's log, and the collector that browsers and apps post to.

`event_log` is standard library only and loads nothing else of the package: applications import it.
The collector is a plain ASGI callable over ingest's own readers. Nothing here imports dagster or dbt.
"""
