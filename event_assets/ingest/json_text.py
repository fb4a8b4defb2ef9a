"""JSON in and out, exactly: numbers beyond 64 bits keep their digits."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import orjson

from event_assets.ingest.malformed import Malformed, Unreadable

MAX_DEPTH = 250  # below what orjson writes and the validators read

TOO_DEEP = f"is nested deeper than {MAX_DEPTH} levels"


def dumped(value: Any, field: str) -> str:
    """JSON text without spaces. Raises Malformed for what is nested too deep."""
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:
        if _is_deep(value):
            raise Malformed(TOO_DEEP, field) from None
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def exact(line: bytes) -> Any:
    """A line that is JSON, parsed with all digits of its whole numbers.

    Raises Unreadable for numbers of thousands of digits and for what is nested too deep.
    """
    try:
        return json.loads(line)
    except RecursionError:
        raise Unreadable(TOO_DEEP) from None
    except ValueError:
        raise Unreadable("has a number of too many digits") from None


def children(value: Any) -> Iterable[Any]:
    """The values in an object or array, nothing of other values."""
    if value.__class__ is dict:
        return value.values()
    return value if value.__class__ is list else ()


def _is_deep(value: Any) -> bool:
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        nested: list[Any] = []
        for each in level:
            nested += (child for child in children(each) if child.__class__ in (dict, list))
        if not nested:
            return False
        level = nested
    return True
