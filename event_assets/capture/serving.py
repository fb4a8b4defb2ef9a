"""The collector on a port, by uvicorn, until it is told to end."""

from __future__ import annotations

import os
import signal
import socket
from types import FrameType

from event_assets.errors import ConfigurationError

_DRAIN_SECONDS = 7  # for requests under way; with what is then written all is over within 10
_IDLE_SECONDS = 65  # a proxy that keeps connections open for a minute never meets a closed one
_BACKLOG = 2048


def bound(host: str, port: int) -> socket.socket:
    """A listening socket. Raises ConfigurationError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise ConfigurationError(
            f"cannot listen on {host}:{port} ({_words(error)})",
            remedy="end what listens there, or choose another by --port and --host",
        ) from None


def serve(application: object, listening: socket.socket, head_seconds: float) -> bool:
    """Serve until SIGTERM or SIGINT, and end in good order; false where it could not start.

    A request's head has to arrive within `head_seconds`. Raises ConfigurationError without uvicorn.
    """
    try:
        import uvicorn

        from event_assets.capture.patience import patient_protocol
    except ImportError:
        raise ConfigurationError(
            "the collector runs on uvicorn, which is not installed",
            remedy="pip install 'event-assets[collector]'",
        ) from None
    config = uvicorn.Config(
        application,  # pyright: ignore[reportArgumentType]
        http=patient_protocol(head_seconds),
        lifespan="on",
        log_level="warning",
        access_log=False,
        proxy_headers=False,  # the collector itself knows whom to believe
        server_header=False,
        timeout_keep_alive=_IDLE_SECONDS,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
    )
    server = uvicorn.Server(config)
    # uvicorn ends in good order, then raises the signal again for whoever had it before
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _ignore)
    server.run(sockets=[listening])
    return server.started


def _words(error: OSError) -> str:
    # Python adds the address to the system's words, and an unknown host has no number of these
    code = error.errno
    return str(error) if code is None or isinstance(error, socket.gaierror) else os.strerror(code)


def _ignore(number: int, frame: FrameType | None) -> None:
    del number, frame
