"""How many cores ingest may use."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from event_assets.errors import ConfigurationError

VARIABLE = "EVENT_ASSETS_CORES"
_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def available_cores() -> int:
    """The cores that this process may run on, within its container's share; at least 1.

    EVENT_ASSETS_CORES sets another number. Raises ConfigurationError if that is none.
    """
    wanted = os.environ.get(VARIABLE, "").strip()
    if wanted:
        if not wanted.isascii() or not wanted.isdigit() or int(wanted) < 1:
            raise ConfigurationError(
                f"{VARIABLE} is no number of cores", remedy="set it to 1 or more, or not at all"
            )
        return int(wanted)
    has_affinity = hasattr(os, "sched_getaffinity")
    cores = len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
    with suppress(OSError, ValueError):  # no such file, or no quota but `max`
        quota, period = _QUOTA.read_text().split()
        cores = min(cores, round(int(quota) / int(period)))
    return max(1, cores)
