"""The fault table: every fault that is tried, and those whose time comes with the collector."""

from tests.faults import (
    clocks,
    concurrency,
    crash,
    delivery,
    disk_full,
    formulas,
    hostile_lines,
    late_events,
    leaks,
    moving_files,
    plan_change,
)

FAULTS = sorted(
    [
        *hostile_lines.FAULTS,
        *moving_files.FAULTS,
        *clocks.FAULTS,
        *concurrency.FAULTS,
        *delivery.FAULTS,
        *plan_change.FAULTS,
        *crash.FAULTS,
        *disk_full.FAULTS,
        *formulas.FAULTS,
        *late_events.FAULTS,
        *leaks.FAULTS,
    ],
    key=lambda fault: fault.number,
)

WITH_CAPTURE = [
    (1, "kill -9 of the collector under load"),
    (2, "SIGTERM of the collector under load"),
    (4, "64 writers on one events.log"),
    (18, "abuse of the collector"),
    (19, "the tracker: navigate, close, hide, offline, quota"),
]
