"""Google Analytics 4: rows of the BigQuery export as JSON lines.

| ours | theirs |
|---|---|
| event_id | a hash of user_pseudo_id, event_timestamp, event_name, event_bundle_sequence_id and batch_* |
| event_type | event_name (page_view and screen_view as they are) |
| kind | platform: WEB is client, IOS and ANDROID mobile |
| client_ts | event_timestamp, microseconds |
| received_ts | event_timestamp + event_server_timestamp_offset |
| anonymous_id, user_id | user_pseudo_id, user_id |
| session_hint | user_pseudo_id and the parameter ga_session_id, which is unique only with it |
| page_url, page_title, referrer | parameters page_location, page_title, page_referrer |
| utm_* | collected_traffic_source.manual_*, else parameters source, medium, campaign, term, content |
| click_id | gclid or dclid of collected_traffic_source, else of the parameters |
| properties | the other parameters, items, ecommerce |
| context | user_properties as a map, device, geo, app_info, traffic_source and all other columns |

`(direct)`, `(none)`, `(not set)` and the like are nothing. traffic_source is where the user was first
found, not this event's campaign. A row has no id of its own, and events of one bundle share their
time: rows from before Google numbered them (batch_event_index) are told apart by their parameters.
"""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

from event_assets.ingest.formats.reading import READ_FIELDS, Reading
from event_assets.ingest.json_text import dumped
from event_assets.ingest.malformed import Malformed
from event_assets.json_values import is_array, is_object

_PLACES = {field: place for place, field in enumerate(READ_FIELDS)}
_ID_COLUMNS = (
    "user_pseudo_id",
    "event_timestamp",
    "event_name",
    "event_bundle_sequence_id",
    "batch_event_index",
    "batch_ordering_id",
    "batch_page_id",
)
_PAGE = {"page_url": "page_location", "page_title": "page_title", "referrer": "page_referrer"}
_CAMPAIGN = {
    "utm_source": ("manual_source", "source"),
    "utm_medium": ("manual_medium", "medium"),
    "utm_campaign": ("manual_campaign_name", "campaign"),
    "utm_term": ("manual_term", "term"),
    "utm_content": ("manual_content", "content"),
    "utm_id": ("manual_campaign_id", "campaign_id"),
}
_CLICK_IDS = ("gclid", "dclid")
_NOTHING = frozenset(("", "(direct)", "(none)", "(not set)", "(not provided)", "(data deleted)"))
_KINDS = {"WEB": "client", "IOS": "mobile", "ANDROID": "mobile"}
_VALUES = ("string_value", "int_value", "double_value", "float_value")
_WHOLE_NUMBERS = frozenset(("int_value", "quantity", "total_item_quantity", "unique_items"))


class GA4Reader:
    """Rows of the tables events_YYYYMMDD."""

    name = "ga4"
    order = 30
    marks = frozenset(("event_params",))

    def knows(self, line: dict[str, Any]) -> bool:
        """Whether it has a time and a list of parameters."""
        return is_array(line.get("event_params")) and "event_timestamp" in line

    def read(self, line: dict[str, Any]) -> tuple[Reading]:
        """The line's one event."""
        columns = {name: value for name, value in line.items() if value is not None}
        event_id = _event_id(columns)
        parameters = _map(columns.pop("event_params", []), "event_params")
        values: list[Any] = [None] * len(READ_FIELDS)
        values[0] = columns.pop("event_name", None)
        values[_PLACES["event_id"]] = event_id
        _take_times(values, columns)
        _take_ids(values, columns, parameters)
        for field, name in _PAGE.items():
            values[_PLACES[field]] = parameters.pop(name, None)
        _take_campaign(values, columns, parameters)
        properties = parameters | _purchase(columns)
        if "user_properties" in columns:
            columns["user_properties"] = _map(columns["user_properties"], "user_properties")
        platform = columns.get("platform")
        kind = _KINDS.get(platform) if isinstance(platform, str) else None
        context = _mended(columns)
        return (Reading(values, properties, context, "ga4", kind),)


READER = GA4Reader()


def _event_id(columns: dict[str, Any]) -> str | None:
    parts = [columns.get(name) for name in _ID_COLUMNS]
    if parts[0] is None or parts[1] is None:
        return None
    if columns.get("batch_event_index") is None:
        parts += [columns.get(name) for name in ("event_params", "items")]
    # 7 and "7" are one number: int64 is text in some exports
    texts = [each if isinstance(each, str) else _sorted(each) for each in parts]
    return hashlib.sha256("\x1f".join(texts).encode()).hexdigest()


def _sorted(value: Any) -> str:
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    except orjson.JSONEncodeError:
        return dumped(value, "event_params")


def _take_times(values: list[Any], columns: dict[str, Any]) -> None:
    at = values[_PLACES["client_ts"]] = _micros(columns.pop("event_timestamp", None))
    offset = _whole(columns.get("event_server_timestamp_offset"))
    if at is not None and isinstance(offset, int):
        values[_PLACES["received_ts"]] = at + offset
        del columns["event_server_timestamp_offset"]


def _micros(value: Any) -> int | None:
    """Epoch microseconds, and none for what is no whole number."""
    number = _whole(value)
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def _take_ids(values: list[Any], columns: dict[str, Any], parameters: dict[str, Any]) -> None:
    device = values[_PLACES["anonymous_id"]] = columns.pop("user_pseudo_id", None)
    values[_PLACES["user_id"]] = columns.pop("user_id", None)
    session = parameters.get("ga_session_id")
    if isinstance(device, str) and isinstance(session, int | str):
        values[_PLACES["session_hint"]] = f"{device}.{parameters.pop('ga_session_id')}"


def _take_campaign(values: list[Any], columns: dict[str, Any], parameters: dict[str, Any]) -> None:
    collected: Any = columns.pop("collected_traffic_source", None)
    if collected is not None and not is_object(collected):
        raise Malformed("is not an object", "collected_traffic_source")
    collected = dict(collected or {})
    for field, (name, parameter) in _CAMPAIGN.items():
        values[_PLACES[field]] = _first(collected, name, parameters, parameter)
    for kind in _CLICK_IDS:
        click_id = _first(collected, kind, parameters, kind)
        if click_id is not None and values[_PLACES["click_id"]] is None:
            values[_PLACES["click_id"]], values[_PLACES["click_id_type"]] = click_id, kind
    rest = {name: each for name, each in collected.items() if each is not None}
    if rest:
        columns["collected_traffic_source"] = rest


def _first(collected: dict[str, Any], name: str, parameters: dict[str, Any], parameter: str) -> Any:
    """Take what is sent of a campaign's field, from both places."""
    for value in (collected.pop(name, None), parameters.pop(parameter, None)):
        if value is not None and not (isinstance(value, str) and value in _NOTHING):
            return value
    return None


def _purchase(columns: dict[str, Any]) -> dict[str, Any]:
    """Take items and ecommerce, without what is null."""
    taken: dict[str, Any] = {}
    items = columns.pop("items", [])
    if not is_array(items):
        raise Malformed("is not a list", "items")
    if items:
        taken["items"] = [_item(each) for each in items]
    ecommerce = _mended(columns.pop("ecommerce", None))
    if ecommerce:
        taken["ecommerce"] = ecommerce
    return taken


def _item(item: Any) -> dict[str, Any]:
    if not is_object(item):
        raise Malformed("has an item that is no object", "items")
    parameters = item.get("item_params")
    mended = _mended({name: each for name, each in item.items() if name != "item_params"})
    return mended if parameters is None else mended | _map(parameters, "items")


def _map(pairs: Any, column: str) -> dict[str, Any]:
    """A list of `{"key": …, "value": {"string_value": …}}` as a map."""
    if not is_array(pairs):
        raise Malformed("is not a list", column)
    found: dict[str, Any] = {}
    for pair in pairs:
        key: Any = pair.get("key") if is_object(pair) else None
        if not is_object(pair) or not isinstance(key, str):
            raise Malformed("has a pair without a key", column)
        value = _value(pair.get("value"), column)
        if value is not None:
            found[key] = value
    return found


def _value(value: Any, column: str) -> Any:
    if value is None:
        return None
    if not is_object(value):
        raise Malformed("has a value that is no object", column)
    for name in _VALUES:
        if value.get(name) is not None:
            return _whole(value[name]) if name in _WHOLE_NUMBERS else value[name]
    return None


def _mended(value: Any) -> Any:
    """Without nulls in objects, and with numbers that came as text; other values as they are."""
    if not is_object(value):
        return value
    found: dict[str, Any] = {}
    for name, each in value.items():
        mended = _mended(each)
        if mended is not None and mended != {}:
            found[name] = _whole(mended) if name in _WHOLE_NUMBERS else mended
    return found


_LONGEST_WHOLE = 19  # digits of an int64


def _whole(value: Any) -> Any:
    """A whole number that came as text; other values as they are."""
    if isinstance(value, str) and len(value) <= _LONGEST_WHOLE + 1 and value.isascii():
        digits = value.removeprefix("-")
        return int(value) if digits.isdigit() else value
    return value
