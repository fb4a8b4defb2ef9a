"""Snowplow's enriched events: tab-separated lines, the analytics SDKs' JSON, rows of a warehouse.

| ours | theirs |
|---|---|
| event_id | event_id |
| event_type | event_name; `struct` for structured events; event where there is no name |
| kind | platform: web is client, mob mobile, srv server |
| client_ts | true_tstamp, else derived_tstamp, else dvce_created_tstamp |
| sent_ts, received_ts | dvce_sent_tstamp, collector_tstamp; neither beside a true_tstamp |
| anonymous_id | domain_userid, else userId of the context client_session |
| session_hint | domain_sessionid, else sessionId of that context |
| user_id, page_url, page_title | as they are |
| referrer, user_agent, ip | page_referrer, useragent, user_ipaddress |
| utm_* | mkt_source, mkt_medium, mkt_campaign, mkt_term, mkt_content |
| click_id | mkt_clickid, its type by mkt_network |
| library | v_tracker |
| event_version | that of a self-describing event's schema |
| properties | data of the self-describing event, and se_*, pp_*, tr_*, ti_* |
| context | contexts and derived contexts, and all other columns that have a value |

The contexts are named and grouped as the SDKs do it: `contexts_com_acme_user_1: [{...}]`.
derived_tstamp is the device's time that Snowplow corrected already. network_userid is no device
here: it belongs to the collector, which may give a new one to every request.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from event_assets.ingest.formats.reading import READ_FIELDS, Reading
from event_assets.ingest.formats.snowplow_columns import COLUMNS, FLAGS, JSON_COLUMNS
from event_assets.ingest.json_text import exact
from event_assets.ingest.lines import is_number_long
from event_assets.ingest.malformed import Malformed
from event_assets.json_values import is_array, is_object

_FIELDS = {
    "event_id": "event_id",
    "anonymous_id": "domain_userid",
    "user_id": "user_id",
    "session_hint": "domain_sessionid",
    "page_url": "page_url",
    "page_title": "page_title",
    "referrer": "page_referrer",
    "utm_source": "mkt_source",
    "utm_medium": "mkt_medium",
    "utm_campaign": "mkt_campaign",
    "utm_term": "mkt_term",
    "utm_content": "mkt_content",
    "user_agent": "useragent",
    "ip": "user_ipaddress",
    "library": "v_tracker",
}
_PLACES = {field: place for place, field in enumerate(READ_FIELDS)}
_TIMES = ("true_tstamp", "derived_tstamp", "dvce_created_tstamp")
_KINDS = {"web": "client", "mob": "mobile", "srv": "server"}
_CLICK_ID_TYPES = {"google": "gclid", "microsoft": "msclkid", "doubleclick": "dclid"}
_OF_EVENT = ("se_", "pp_", "tr_", "ti_")
_SESSION = "contexts_com_snowplowanalytics_snowplow_client_session_1"

_DAY = re.compile(rb"\d{4}-\d\d-\d\d[ T]")
_SCHEMA = re.compile(r"iglu:([^/]+)/([^/]+)/[^/]+/(\d+)-\d+-\d+")
_SEPARATORS = re.compile(r"[.\-]")
_INNER_CAPITAL = re.compile(r"([^A-Z_])([A-Z])")


class SnowplowReader:
    """Enriched events, as lines of tab-separated columns or as JSON objects."""

    name = "snowplow"
    order = 80
    marks = frozenset(("collector_tstamp",))

    def knows(self, line: dict[str, Any]) -> bool:
        """Whether it went through a collector of Snowplow's."""
        return line.get("collector_tstamp") is not None and "v_collector" in line

    def parse(self, line: bytes) -> dict[str, Any] | None:
        """The columns of a tab-separated line that are not empty."""
        columns = line.split(b"\t")
        if len(columns) != len(COLUMNS) or not _DAY.match(columns[3]):
            return None
        try:
            texts = line.decode().split("\t")
        except UnicodeDecodeError:
            return None
        return {name: _typed(name, text) for name, text in zip(COLUMNS, texts, strict=True) if text}

    def read(self, line: dict[str, Any]) -> tuple[Reading]:
        """The line's one event."""
        values: list[Any] = [None] * len(READ_FIELDS)
        columns = {name: value for name, value in line.items() if value is not None}
        contexts = _contexts(columns)
        properties = _properties(columns)
        values[0] = _event_type(columns)
        for field, name in _FIELDS.items():
            values[_PLACES[field]] = columns.pop(name, None)
        _take_session(values, contexts)
        _take_click_id(values, columns)
        is_sent_per_attempt = _take_times(values, columns)
        if columns.get("event") == "unstruct":
            values[_PLACES["event_version"]] = columns.pop("event_version", None)
        platform = columns.get("platform")
        kind = _KINDS.get(platform) if isinstance(platform, str) else None
        return (
            Reading(
                values, properties, {**columns, **contexts}, "snowplow", kind, is_sent_per_attempt
            ),
        )


READER = SnowplowReader()


def _typed(name: str, text: str) -> Any:
    """A column's value as the SDKs give it; the text itself where it is none of that type."""
    try:
        if name in JSON_COLUMNS:
            return _loaded(text)
    except ValueError:
        return text
    return text == "1" if name in FLAGS and text in ("0", "1") else text


def _loaded(text: str) -> Any:
    value = orjson.loads(text)
    line = text.encode()
    return exact(line) if is_number_long(line) else value


def _json(value: Any, column: str) -> Any:
    """What a column holds, which may be JSON as text."""
    if not isinstance(value, str):
        return value
    try:
        return _loaded(value) if value else None
    except ValueError:
        raise Malformed("is not JSON", column) from None


def _event_type(columns: dict[str, Any]) -> Any:
    if columns.get("event") == "struct":
        columns.pop("event_name", None)
        return "struct"
    return columns.pop("event_name", None) or columns.get("event")


def _take_times(values: list[Any], columns: dict[str, Any]) -> bool:
    """Put the event's times in `values`; whether the sent one can correct the client's."""
    used = next((name for name in _TIMES if name in columns), None)
    values[_PLACES["client_ts"]] = None if used is None else columns.pop(used)
    if used != "true_tstamp":
        values[_PLACES["sent_ts"]] = columns.pop("dvce_sent_tstamp", None)
        values[_PLACES["received_ts"]] = columns.pop("collector_tstamp", None)
    return used == "dvce_created_tstamp"


def _take_click_id(values: list[Any], columns: dict[str, Any]) -> None:
    network = columns.get("mkt_network")
    kind = _CLICK_ID_TYPES.get(network.lower()) if isinstance(network, str) else None
    # without its type, the page's URL tells more
    if kind is not None and "mkt_clickid" in columns:
        values[_PLACES["click_id"]] = columns.pop("mkt_clickid")
        values[_PLACES["click_id_type"]] = kind


def _take_session(values: list[Any], contexts: dict[str, Any]) -> None:
    sessions: Any = contexts.get(_SESSION)
    session: Any = sessions[0] if sessions and is_array(sessions) else None
    if is_object(session):
        for field, name in (("anonymous_id", "userId"), ("session_hint", "sessionId")):
            if values[_PLACES[field]] is None:
                values[_PLACES[field]] = session.get(name)


def _properties(columns: dict[str, Any]) -> dict[str, Any]:
    """Take what the event says of itself."""
    properties: dict[str, Any] = {}
    for name in [name for name in columns if name.startswith("unstruct_event")]:
        data = _json(columns.pop(name), name)
        if name == "unstruct_event" and data is not None:
            _, data = _parts(data, name)
            schema, data = _parts(data, name)
            columns.setdefault("event_name", _name_in(schema))
        if data is None:
            continue
        if not is_object(data):
            raise Malformed("is not an object", name)
        properties.update(data)
    for name in [name for name in columns if name.startswith(_OF_EVENT)]:
        properties[name] = columns.pop(name)
    return properties


def _contexts(columns: dict[str, Any]) -> dict[str, Any]:
    """Take the contexts, each kind a list."""
    found: dict[str, list[Any]] = {}
    for name in ("contexts", "derived_contexts"):
        value = _json(columns.pop(name, None), name)
        if not value:
            continue
        described = value.get("data") if is_object(value) else value
        if not is_array(described):
            raise Malformed("is no self-describing JSON", name)
        for each in described:
            schema, data = _parts(each, name)
            found.setdefault(_column_of(schema, name), []).append(data)
    for name in [name for name in columns if name.startswith("contexts_")]:
        value = _json(columns.pop(name), name)
        found.setdefault(name, []).extend(value if is_array(value) else [value])
    return {name: each for name, each in found.items() if each}


def _parts(described: Any, column: str) -> tuple[str, Any]:
    """Schema and data of self-describing JSON."""
    schema: Any = described.get("schema") if is_object(described) else None
    if not is_object(described) or not isinstance(schema, str) or "data" not in described:
        raise Malformed("is no self-describing JSON", column)
    return schema, described["data"]


def _name_in(schema: str) -> str | None:
    parts = _SCHEMA.fullmatch(schema)
    return None if parts is None else parts[2]


def _column_of(schema: str, column: str) -> str:
    """The name that the SDKs give to a context's schema."""
    parts = _SCHEMA.fullmatch(schema)
    if parts is None:
        raise Malformed("has no Iglu schema", column)
    vendor = _SEPARATORS.sub("_", parts[1]).lower()
    name = _INNER_CAPITAL.sub(r"\1_\2", _SEPARATORS.sub("_", parts[2])).lower()
    return f"contexts_{vendor}_{name}_{parts[3]}"
