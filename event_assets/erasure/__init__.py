"""Removes a person from everything that we wrote: the lake, the warehouse, what is published.

`search` finds the person's records, `lake_rewriting` writes loads without them, `raw_lines` blanks
lines of raw files, `rejects` those that the collector did not take, `unfinished` remembers what is
still to be done. May import ingest and capture, not dagster.
"""

from event_assets.erasure.erase import Asked, Done, Found, erase_from_lake, search, tables_are_clean
from event_assets.erasure.rejects import blank_rejected
from event_assets.erasure.unfinished import Stage, Unfinished, read_unfinished

__all__ = [
    "Asked",
    "Done",
    "Found",
    "Stage",
    "Unfinished",
    "blank_rejected",
    "erase_from_lake",
    "read_unfinished",
    "search",
    "tables_are_clean",
]
