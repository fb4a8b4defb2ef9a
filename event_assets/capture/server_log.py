"""`log_event` and `log_conversion`: the log of this process, chosen by the environment or `log_to`."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from datetime import UTC, datetime

from event_assets.capture.event_log import EventLog

_log: EventLog | None = None


def log_to(
    file: str | os.PathLike[str] | None = None,
    *,
    data_dir: str | os.PathLike[str] | None = None,
    is_synced: bool = False,
    raises: bool = False,
) -> EventLog:
    """Choose the log of this process, as `EventLog` says; returns it."""
    global _log
    _log = EventLog(file, data_dir=data_dir, is_synced=is_synced, raises=raises)
    return _log


def log_event(
    event_type: str,
    properties: Mapping[str, object] | None = None,
    *,
    user_id: str | None = None,
    anonymous_id: str | None = None,
    session_id: str | None = None,
    timestamp: datetime | None = None,
    event_id: str | None = None,
    event_version: str | None = None,
) -> str:
    """Append an event to the log of this process; returns its id. Raises nothing, see `EventLog`."""
    return (_log or log_to()).log_event(
        event_type,
        properties,
        user_id=user_id,
        anonymous_id=anonymous_id,
        session_id=session_id,
        timestamp=timestamp,
        event_id=event_id,
        event_version=event_version,
    )


def log_conversion(
    user_id: str | None,
    conversion_name: str,
    metadata: Mapping[str, object] | None = None,
    *,
    event_id: str | None = None,
    timestamp: datetime | None = None,
) -> str:
    """Append the event of a conversion to the log of this process; returns its id."""
    return (_log or log_to()).log_conversion(
        user_id, conversion_name, metadata, event_id=event_id, timestamp=timestamp
    )


class EventLogHandler(logging.Handler):
    """Writes those log records that are events, as `extra` says; all others pass by.

    logger.info("paid", extra={"event_type": "purchase", "user_id": "u1", "properties": {…}})

    `extra` takes what `EventLog.log_event` does. `log` is the process's own unless given.
    """

    _TAKEN = ("user_id", "anonymous_id", "session_id", "event_id", "event_version")

    def __init__(self, log: EventLog | None = None) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Append the record's event, with the record's time."""
        fields = record.__dict__
        if "event_type" not in fields:
            return
        try:
            (self._log or _log or log_to()).log_event(
                fields["event_type"],
                fields.get("properties"),
                timestamp=datetime.fromtimestamp(record.created, UTC),
                **{name: fields[name] for name in self._TAKEN if name in fields},
            )
        except Exception:
            self.handleError(record)
