"""From a request's bytes to a JSON value: inflated within bounds, parsed so that one bad event is one."""

from __future__ import annotations

import json
import zlib
from typing import Any

import orjson

from event_assets.capture.refusals import Refused, Unparsed
from event_assets.ingest.json_text import MAX_DEPTH, exact
from event_assets.ingest.lines import is_number_long
from event_assets.ingest.malformed import Malformed
from event_assets.ingest.shapes import BOM

_GZIP = b"\x1f\x8b"
_PLAIN = ("", "identity")
_DEFLATED = ("gzip", "x-gzip", "deflate")
_GZIP_OR_ZLIB = 47  # what zlib calls window bits: the largest window, either header
_MOST_MEMBERS = 16  # of a gzip body; each costs a copy of what follows
_MOST_DIGITS = 4_000  # more of them take Python more than linear time

NOT_STORABLE = (
    "holds what JSON cannot say: NaN, an infinite number, half a surrogate pair, bytes that are not "
    f"UTF-8, or levels below {MAX_DEPTH}"
)


def too_large(limit: int) -> Refused:
    """Refuses a body of more bytes than that."""
    return Refused(
        413, "body_too_large", f"the body has more than {limit} bytes; send fewer events at once"
    )


def inflated(body: bytes, encoding: str, limit: int) -> bytes:
    """The body as it was before it was compressed, `limit` bytes at most.

    gzip is known by its first bytes too: sendBeacon can't set a header. Raises Refused.
    """
    encoding = encoding.strip().lower()
    if encoding in _PLAIN and not body.startswith(_GZIP):
        if len(body) > limit:
            raise too_large(limit)
        return body
    if encoding not in (*_PLAIN, *_DEFLATED):
        raise Refused(415, "encoding", "Content-Encoding may be gzip, deflate or none")
    whole, rest = b"", body
    for _ in range(_MOST_MEMBERS):
        inflater = zlib.decompressobj(_GZIP_OR_ZLIB)
        try:
            whole += inflater.decompress(rest, limit - len(whole) + 1)
        except zlib.error:
            raise Unparsed("the body is not gzip, though it says so", body) from None
        if len(whole) > limit:
            raise too_large(limit)
        if not inflater.eof:
            raise Unparsed("the body is cut short", body)
        rest = inflater.unused_data
        if not rest:
            return whole
    raise Unparsed(f"the body is gzip of more than {_MOST_MEMBERS} members", body)


def parsed(body: bytes) -> tuple[Any, bool]:
    """(value, whether it is JSON throughout) of a body.

    Where a part is not – NaN, half a surrogate pair, bad UTF-8 – the value is there all the same, so
    that only the event that holds it is rejected. Raises Unparsed.
    """
    body = body.removeprefix(BOM)
    try:
        value = orjson.loads(body)
        return (exact(body) if is_number_long(body) else value), True
    except (orjson.JSONDecodeError, Malformed):
        pass
    try:
        # stray bytes become halves of surrogate pairs, which are found when the event is written
        return json.loads(body.decode(errors="surrogateescape"), parse_int=_whole), False
    except RecursionError:
        raise Unparsed(f"the body is nested deeper than {MAX_DEPTH} levels", body) from None
    except ValueError:
        raise Unparsed("the body is not JSON", body) from None


def written(value: Any, *, is_json: bool) -> tuple[bytes, bool]:
    """(JSON without spaces or newlines, whether it has usual numbers and depth).

    Raises Malformed for what JSON cannot say.
    """
    if is_json:
        try:
            return orjson.dumps(value), True
        except orjson.JSONEncodeError:  # a number beyond 64 bits, or too deep
            pass
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode(), False
    except (ValueError, RecursionError):
        raise Malformed(NOT_STORABLE) from None


def as_sent(value: Any) -> str:
    """A value that could not be taken, as text that is ASCII throughout."""
    try:
        return json.dumps(value)
    except RecursionError:
        return ""


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MOST_DIGITS else float("nan")
