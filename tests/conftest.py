"""In which order files are run: the longest first, or at the end one core works and the others wait."""

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
LONGEST_FIRST = (
    "models/test_incremental.py",
    "models/test_identity.py",
    "storage/test_whole_run_on_s3.py",
    "dagster/test_job.py",
    "dagster/test_tracking_runs.py",
    "dagster/test_way_out.py",
    "faults/test_faults.py",
    "models/test_coverage.py",
    "models/test_event_views.py",
    "models/test_sessions_of_any_settings.py",
    "test_music_site.py",
    "ingest/test_memory.py",
    "ingest/test_erasing_odd_states.py",
    "ingest/test_kill.py",
    "dagster/test_demo.py",
    "capture/test_whole_way.py",
    "capture/test_collector_processes.py",
    "capture/test_tracker_delivery.py",
    "capture/test_tracker_events.py",
    "test_wheel.py",
    "storage/test_ingest_from_buckets.py",
    "models/test_odd_conversions.py",
)
"""Files of more than 20 seconds of CPU. xdist would begin with those of the most tests, which are short."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {TESTS / name: place for place, name in enumerate(LONGEST_FIRST)}
    if gone := [path.name for path in places if not path.is_file()]:
        raise pytest.UsageError(f"{__file__} names what is not there: {', '.join(gone)}")
    items.sort(key=lambda item: places.get(item.path, len(places)))
