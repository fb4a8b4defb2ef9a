"""From raw files to the lake: lines are read, brought into one form, judged, and accounted for.

`ingest_day` does it for a source and day, `pending_days` finds what is new, load records tell what
became of each line, `admission` which loads the models read. Nothing here imports dagster or dbt.
"""

from event_assets.ingest.admission import admission, day_shares, default_as_of, write_admission
from event_assets.ingest.ingest import Progress, ensure_lake, ingest_day
from event_assets.ingest.loads import LoadRecord, read_records
from event_assets.ingest.pending import pending_days

__all__ = [
    "LoadRecord",
    "Progress",
    "admission",
    "day_shares",
    "default_as_of",
    "ensure_lake",
    "ingest_day",
    "pending_days",
    "read_records",
    "write_admission",
]
