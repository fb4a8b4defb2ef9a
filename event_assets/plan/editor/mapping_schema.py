"""A JSON Schema of the mapping of a source in sources.yaml, for editors."""

from __future__ import annotations

from typing import Any

from event_assets.ingest.clock import UNITS
from event_assets.ingest.formats.mapping import RESTS
from event_assets.ingest.formats.mapping_rules import KINDS

_PATH: dict[str, Any] = {"type": "string", "minLength": 1}
_PLAIN: dict[str, Any] = {"type": ["string", "number"]}
_TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
_RULE = {"$ref": "#/definitions/MappingRule"}
_CONDITIONS = {"$ref": "#/definitions/MappingConditions"}
_ASKED = {"$ref": "#/definitions/MappingAsked"}
_PART = {"$ref": "#/definitions/MappingPart"}

_FIELDS = {
    "event_type": "The event's name in the tracking plan.",
    "client_ts": "When it happened, by the clock of who sent it.",
    "sent_ts": "When it was sent, by the same clock.",
    "received_ts": "When the collector got it.",
    "event_id": "The producer's id, unique over all events of the source's kind.",
    "anonymous_id": "The device or cookie.",
    "user_id": "The known user.",
    "previous_id": "The id that an alias or identify call merges into the user.",
    "session_hint": "The tracker's own session id.",
    "page_url": "The page's whole URL; campaign and click id are read from it.",
    "page_title": "The page's title.",
    "referrer": "The URL that the visitor came from.",
    "utm_source": "Where the campaign ran; only needed if not in the URL.",
    "utm_medium": "The campaign's medium.",
    "utm_campaign": "The campaign's name.",
    "utm_term": "The campaign's search term.",
    "utm_content": "Which of the campaign's ads.",
    "utm_id": "The campaign's id.",
    "click_id": "The ad platform's id of the click.",
    "click_id_type": "The name of the click id, such as gclid.",
    "user_agent": "The browser's or app's own description.",
    "ip": "The address, of which only the beginning is stored.",
    "event_version": "The version of the event's shape.",
    "library": "Which tracker sent it.",
    "kind": f"Who sent it, where lines tell: {', '.join(KINDS)}; else the source's kind.",
}
_OBJECTS = {
    "properties": "What is judged by the plan: objects of the line, or some of their fields.",
    "context": "What is kept beside the properties and not judged.",
}
_KEYS: dict[str, dict[str, Any]] = {
    "path": {
        "description": "Where the value stands, or several places of which the first with a value "
        "counts.",
        "anyOf": [_PATH, {"type": "array", "items": _PATH, "minItems": 1}],
    },
    "value": {"description": "A constant.", **_PLAIN},
    "join": {
        "description": "Makes one text of several values; without any of them there is none.",
        "type": "array",
        "items": _RULE,
        "minItems": 2,
    },
    "with": {"description": "What stands between joined values; a colon.", "type": "string"},
    "unit": {"description": "The unit of a time; else its size tells.", "enum": list(UNITS)},
    "empty": {
        "description": "Values that mean nothing.",
        "anyOf": [_PLAIN, {"type": "array", "items": _PLAIN}],
    },
    "rename": {
        "description": "New values for some of the old ones.",
        "type": "object",
        "additionalProperties": {"type": "string"},
    },
    "after": {"description": "Only what stands after this beginning; nothing without it.", **_TEXT},
    "when": {"description": "The rule only holds under these conditions.", "allOf": [_CONDITIONS]},
    "default": {"description": "What counts where there is no value.", **_PLAIN},
}


def mapping_schema() -> dict[str, Any]:
    """What stands behind `mapping` of a source."""
    objects = {"anyOf": [_PART, {"type": "array", "items": _PART}]}
    return {
        "type": "object",
        "properties": {
            **{field: {"description": text, "allOf": [_RULE]} for field, text in _FIELDS.items()},
            **{field: {"description": text, **objects} for field, text in _OBJECTS.items()},
            "each": {"description": "The list whose items are the events.", **_PATH},
            "rest": {
                "description": "Where fields go that are not named here; to properties.",
                "enum": list(RESTS),
            },
            "empty": {**_KEYS["empty"], "description": "Values that mean nothing in any field."},
            "sent_per_attempt": {
                "description": "Whether sent_ts is stamped anew at each attempt to send, so that it "
                "shows a wrong clock.",
                "type": "boolean",
            },
        },
        "additionalProperties": False,
    }


def mapping_definitions() -> dict[str, Any]:
    """The definitions that the schema of a mapping refers to."""
    beginnings = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1}]}
    tests: dict[str, dict[str, Any]] = {
        "exists": {"description": "Whether there is a value.", "type": "boolean"},
        "not": {"description": "None of these.", "allOf": [_ASKED]},
        "starts_with": {"description": "How the text begins.", **beginnings},
        "same_as": {"description": "A path to the same value.", **_PATH},
    }
    names = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1}]}
    return {
        "MappingRule": {
            "anyOf": [
                _PATH,
                {"type": "array", "items": _RULE, "minItems": 1},
                {"type": "object", "properties": _KEYS, "additionalProperties": False},
            ]
        },
        "MappingConditions": {"type": "object", "additionalProperties": _ASKED, "minProperties": 1},
        "MappingAsked": {
            "anyOf": [
                {"type": ["string", "number", "boolean"]},
                {"type": "array", "items": _ASKED, "minItems": 1},
                {
                    "type": "object",
                    "properties": tests,
                    "additionalProperties": False,
                    "minProperties": 1,
                    "maxProperties": 1,
                },
            ]
        },
        "MappingPart": {
            "anyOf": [
                _PATH,
                {
                    "type": "object",
                    "properties": {
                        "path": {"description": "The object; without it the whole line.", **_PATH},
                        "only": {"description": "Names, or beginnings such as utm_*.", **names},
                        "without": {"description": "All but these names.", **names},
                    },
                    "additionalProperties": False,
                    "minProperties": 1,
                },
            ]
        },
    }
