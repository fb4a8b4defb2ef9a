"""Texts and ids as producers send them: strings, numbers, and the many ways to say nothing."""

from __future__ import annotations

from typing import Any

from event_assets.ingest.malformed import Malformed

_EXACT_FLOAT = 2**53
_ZEROS = "0- \t"


def text(value: Any, field: str) -> str | None:
    """A text or a number as text, None for null. Raises Malformed for anything else."""
    if value is None or value.__class__ is str:
        return value
    if value.__class__ is int:
        return str(value)
    if value.__class__ is float:
        if not value.is_integer():
            return repr(value)
        if abs(value) < _EXACT_FLOAT:
            return str(int(value))
        raise Malformed("is a number too large to be exact; send it as text", field)
    raise Malformed("is neither text nor a number", field)


def identifier(value: Any, field: str) -> str | None:
    """An id: a text that is not empty, `null` or all zeros; those and null are None.

    Raises Malformed for anything but a text, a number or null.
    """
    known = value if value.__class__ is str else text(value, field)
    if known is None or not known.strip(_ZEROS) or (len(known) == 4 and known.lower() == "null"):
        return None
    return known
