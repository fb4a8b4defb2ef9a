"""Marketing and product analytics from raw event logs.

`log_event` and `log_conversion` write the server's log; they need the standard library alone, and
nothing else is loaded here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from event_assets.capture.event_log import EventLog
    from event_assets.capture.server_log import (
        EventLogHandler,
        log_conversion,
        log_event,
        log_to,
    )

__version__ = "0.1.0"

__all__ = ["EventLog", "EventLogHandler", "log_conversion", "log_event", "log_to"]


def __getattr__(name: str) -> Any:
    """What applications import, loaded when it is asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from event_assets.capture import server_log

    return getattr(server_log, name)
