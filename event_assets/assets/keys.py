"""Names that several assets, checks and the command line share."""

from __future__ import annotations

import dagster as dg

JOB = "event_assets"
INGEST_OP = "ingest"
MODELS_OP = "models"
TRACKING_OP = "tracking_checks"
ADMITTED_LOADS = dg.AssetKey("admitted_loads")
ANALYTICS = dg.AssetKey("analytics")

MODE_TAG = "event_assets/ingest"
ONLY_NEW = "only_new"
"""Runs with this tag take what is new. Runs without it, a person's choice of partitions, judge
again by the plan as it is now."""

DATA_ENGINEERING = "team:data-engineering"
ANALYTICS_TEAM = "team:analytics"


def lake_key(source: str) -> dg.AssetKey:
    """The asset of one source's events in the lake."""
    return dg.AssetKey(["lake", source])
