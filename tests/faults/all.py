"""The fault table: every fault that is tried, and those whose time comes with the browser tracker."""

from tests.faults import (
    clocks,
    collector,
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
    shared_log,
)

FAULTS = sorted(
    [
        *hostile_lines.FAULTS,
        *moving_files.FAULTS,
        *clocks.FAULTS,
        *collector.FAULTS,
        *shared_log.FAULTS,
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

WITH_TRACKER = [
    (19, "the tracker: navigate, close, hide, offline, quota"),
]
