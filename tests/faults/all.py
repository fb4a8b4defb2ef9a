"""The fault table: every fault that is tried."""

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
    tracker,
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
        *tracker.FAULTS,
    ],
    key=lambda fault: fault.number,
)
