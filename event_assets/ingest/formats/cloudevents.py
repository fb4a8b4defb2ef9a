"""CloudEvents in the JSON format: single events, and batches as a JSON array on a line.

| ours | theirs |
|---|---|
| event_id | source and id, which are unique together |
| event_type | type |
| client_ts | time |
| user_id, anonymous_id, session_hint | user_id, anonymous_id, session_id of data |
| page_url, page_title, referrer | of the same names in data |
| properties | the rest of data; data that is no object stands in `data` |
| context | source, subject, datacontenttype, dataschema and extension attributes |

`data_base64` is taken as `data` where it holds JSON, and kept as it is where not. The specification
has no time of sending or receipt, and `time` may be missing: such an event has no readable time.
`subject` is what the event is about within its source, often a file or an order. It is no person here:
`mapping` can say that it is one.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

import orjson

from event_assets.ingest.formats.reading import READ_FIELDS, Reading
from event_assets.ingest.json_text import exact
from event_assets.ingest.lines import is_number_long
from event_assets.ingest.malformed import Malformed
from event_assets.json_values import is_object

_PLACES = {field: place for place, field in enumerate(READ_FIELDS)}
_OF_DATA = {
    "user_id": "user_id",
    "anonymous_id": "anonymous_id",
    "session_hint": "session_id",
    "page_url": "page_url",
    "page_title": "page_title",
    "referrer": "referrer",
}
_NOT_CONTEXT = frozenset(("specversion", "id", "type", "time", "data", "data_base64"))


class CloudEventsReader:
    """Structured events of specification 1.0 and its drafts."""

    name = "cloudevents"
    order = 10
    marks = frozenset(("specversion",))

    def knows(self, line: dict[str, Any]) -> bool:
        """Whether it names its specification."""
        return "specversion" in line

    def knows_array(self, line: list[Any]) -> bool:
        """Whether one of the items is a CloudEvent."""
        return any(is_object(item) and self.knows(item) for item in line)

    def read(self, line: dict[str, Any]) -> tuple[Reading]:
        """The line's one event."""
        if "data" in line and "data_base64" in line:
            raise Malformed("stands beside data", "data_base64")
        values: list[Any] = [None] * len(READ_FIELDS)
        properties = _properties(line)
        values[0] = line.get("type")
        values[_PLACES["event_id"]] = _event_id(line)
        values[_PLACES["client_ts"]] = line.get("time")
        for field, name in _OF_DATA.items():
            values[_PLACES[field]] = properties.pop(name, None)
        context = {
            name: value
            for name, value in line.items()
            if value is not None and name not in _NOT_CONTEXT
        }
        return (Reading(values, properties, context, "cloudevents"),)


READER = CloudEventsReader()


def _event_id(line: dict[str, Any]) -> str | None:
    source, event_id = line.get("source"), line.get("id")
    if source is None or event_id is None:
        return None
    for name, value in (("source", source), ("id", event_id)):
        if not isinstance(value, str):
            raise Malformed("is no text", name)
    # a source is a URI reference, which has no space
    return f"{source.replace(' ', '%20')} {event_id}" if event_id else None


def _properties(line: dict[str, Any]) -> dict[str, Any]:
    data = line.get("data")
    if line.get("data_base64") is not None:
        data = _decoded(line["data_base64"])
        if data is None:
            return {"data_base64": line["data_base64"]}
    if data is None:
        return {}
    return dict(data) if is_object(data) else {"data": data}


def _decoded(text: Any) -> Any:
    """The JSON in it; None where it is something else."""
    if not isinstance(text, str):
        raise Malformed("is no text", "data_base64")
    try:
        held = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("is not base64", "data_base64") from None
    try:
        data = orjson.loads(held)
    except orjson.JSONDecodeError:
        return None
    return exact(held) if is_number_long(held) else data
