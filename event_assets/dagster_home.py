"""Dagster's home in the data directory: runs, partitions and checks, for the user interface."""

from __future__ import annotations

from pathlib import Path

from event_assets.settings import Settings

_DAGSTER_YAML = """\
# Written once by event-assets; change it as you like.
telemetry:
  enabled: false
nux:
  enabled: false
"""


def dagster_home(settings: Settings) -> Path:
    """The directory, made at first need, without telemetry."""
    home = settings.dagster_home
    home.mkdir(parents=True, exist_ok=True)
    config = home / "dagster.yaml"
    if not config.exists():
        config.write_text(_DAGSTER_YAML, encoding="utf-8")
    return home
