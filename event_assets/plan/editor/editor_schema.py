"""JSON Schemas of a plan's files for editors: completion, descriptions and errors while typing.

Built from the models that read the files, in the wording of draft 7, which editors know best. What
the loader takes is valid by them; of notes such as `examples` they ask a little more.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from event_assets.json_values import is_array, is_object
from event_assets.plan.editor.key_descriptions import DESCRIPTIONS
from event_assets.plan.editor.mapping_schema import mapping_definitions, mapping_schema
from event_assets.plan.editor.written_schema import property_schema, rules_schema, subschema
from event_assets.plan.event import Event, PropertyGroups
from event_assets.plan.funnels import MAX_STEPS
from event_assets.plan.model import Channels, Experiments, Funnels
from event_assets.plan.policy import PlanFile
from event_assets.plan.schemas import DEFINITIONS
from event_assets.sources import allowed_formats
from event_assets.sources_config import SourcesConfig

FOLDER = "schema"
_MODELS: dict[str, type[BaseModel]] = {
    "event": Event,
    "plan": PlanFile,
    "property_groups": PropertyGroups,
    "funnels": Funnels,
    "channels": Channels,
    "experiments": Experiments,
    "sources": SourcesConfig,
}
_TITLES = {
    "event": "An event of the tracking plan",
    "plan": "The tracking plan",
    "property_groups": "Properties that events share",
    "funnels": "Funnels",
    "channels": "Sites and channels of your own",
    "experiments": "Experiments with a holdout",
    "sources": "The logs that are read",
}


def editor_schemas() -> dict[str, dict[str, Any]]:
    """The schema of each kind of file, by the name of its own file."""
    return {f"{name}.schema.json": _schema(name, model) for name, model in _MODELS.items()}


def write_editor_schemas(folder: Path) -> list[Path]:
    """Write the schemas into a plan folder's own `schema` folder; gives those that changed."""
    stale = stale_editor_schemas(folder)
    for path in stale:
        path.parent.mkdir(exist_ok=True)
        path.write_text(_text(editor_schemas()[path.name]), encoding="utf-8")
    return stale


def stale_editor_schemas(folder: Path) -> list[Path]:
    """The schemas of a plan folder that are missing or not as they would be written."""
    paths = {folder / FOLDER / name: schema for name, schema in editor_schemas().items()}
    return [path for path, schema in paths.items() if _read(path) != _text(schema)]


def _text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _schema(name: str, model: type[BaseModel]) -> dict[str, Any]:
    written = model.model_json_schema(ref_template="#/definitions/{model}")
    definitions: dict[str, Any] = written.pop(DEFINITIONS, {})
    definitions[model.__name__] = written
    is_about_properties = definitions.pop("Property", None) is not None
    for each, definition in definitions.items():
        _describe(each, definition)
    if is_about_properties:
        definitions |= {
            "Property": property_schema(is_nested=False),
            "NestedProperty": property_schema(is_nested=True),
            "Subschema": subschema(),
        }
    if "Source" in definitions:
        definitions |= mapping_definitions()
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": _TITLES[name],
        **definitions.pop(model.__name__),
        "definitions": {each: definitions[each] for each in sorted(definitions)},
    }


def _describe(name: str, definition: dict[str, Any]) -> None:
    """Give each key its description, and what the model alone does not tell of its values."""
    for key in ("title", "description"):  # written for who reads the code
        definition.pop(key, None)
    properties: dict[str, Any] = definition.get("properties", {})
    for key, schema in properties.items():
        properties[key] = {"description": DESCRIPTIONS[name][key], **_plain(schema)}
    for key, more in _more(name).items():
        properties[key] |= more
    definition |= _OF_WHOLE.get(name, {})
    if name in _OR_NOTHING:
        definition["type"] = ["object", "null"]
    if name == "Source":
        definition["required"].remove("opens_sessions")
    if name in _OR_NAME:
        written = dict(definition)
        definition.clear()
        definition["anyOf"] = [{"type": "string"}, written]


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a key without names made up from it; a reference stands beside nothing."""
    plain = {key: _within(each) for key, each in schema.items() if key != "title"}
    is_duration = "week" in plain.get("pattern", "")  # its default is written otherwise
    if is_duration or plain.get("default") in (None, [], {}):
        plain.pop("default", None)
    if "anyOf" in plain:
        plain |= _or_nothing(*plain.pop("anyOf"))
    if "$ref" in plain:
        plain["allOf"] = [{"$ref": plain.pop("$ref")}]
    return plain


def _or_nothing(one: dict[str, Any], _: dict[str, Any]) -> dict[str, Any]:
    """A value or null without alternatives, of which editors would say only that none fits."""
    if "enum" in one:
        return {"enum": [*one["enum"], None]}
    return {**one, "type": [one["type"], "null"]} if "type" in one else one


def _within(value: Any) -> Any:
    if is_object(value):
        return {key: _within(each) for key, each in value.items() if key != "title"}
    return [_within(each) for each in value] if is_array(value) else value


def _more(name: str) -> dict[str, Any]:
    has_rules = name in ("Event", "EarlierVersion")
    return {"rules": rules_schema()} if has_rules else _MORE.get(name, {})


_MORE: dict[str, dict[str, Any]] = {
    "Funnel": {"steps": {"minItems": 2, "maxItems": MAX_STEPS}},
    "Source": {
        "format": {"enum": list(allowed_formats())},
        "mapping": mapping_schema(),
    },
}
_OR_NAME = ("FunnelStep", "Exclusion")  # as an event's name may stand for them
_OR_NOTHING = ("Conversion", "Refund", "Deprecation")  # as their keys take null
_OF_WHOLE: dict[str, dict[str, Any]] = {
    "EarlierVersion": {"anyOf": [{"required": ["versions"]}, {"required": ["until"]}]},
    "FunnelStep": {"anyOf": [{"required": ["event"]}, {"required": ["page"]}]},
    "Exclusion": {"anyOf": [{"required": ["event"]}, {"required": ["page"]}]},
}
