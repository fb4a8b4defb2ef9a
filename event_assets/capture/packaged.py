"""Files of the package that the collector serves."""

from __future__ import annotations

import gzip
from functools import cache
from importlib.resources import files


@cache
def packaged(name: str) -> bytes:
    """The content of one."""
    return (files("event_assets.capture") / name).read_bytes()


@cache
def compressed(name: str) -> bytes:
    """The same in gzip."""
    return gzip.compress(packaged(name), mtime=0)
