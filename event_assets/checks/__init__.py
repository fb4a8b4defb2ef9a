"""Asset checks between ingest and the models: what they found, and the evidence for it.

May import dagster. What is decided here is decided by `ingest.admission`; checks only tell.
"""
