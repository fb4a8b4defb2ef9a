"""Events that are not written to the end: what asks to be filled in, and names that read alike."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, get_args

from event_assets.errors import ConfigurationError
from event_assets.plan.event import SourceKind
from event_assets.plan.schemas import TYPES
from event_assets.yaml_files import did_you_mean

DESCRIPTION = "(to be written) What has happened when this event is sent?"
PURPOSE = "(to be written) Which question does this event answer? Without one, do not send it."
OWNER = "team:to_be_named"
KINDS: tuple[SourceKind, ...] = get_args(SourceKind)

_ALIKE = 0.88  # of 1: one letter in eight may differ
_FEW = 300  # names; comparing each with each takes the square of that
_PROPERTY = re.compile(r"(?P<name>.+):(?P<type>[^:!]+)(?P<required>!?)")


def drafted(event: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """An event with texts that ask for what it lacks, and the keys of those; a draft if any."""
    asked = {"description": DESCRIPTION, "purpose": PURPOSE, "owner": OWNER, "sent_by": list(KINDS)}
    missing = [key for key in asked if not event.get(key)]
    filled = {**event, **{key: asked[key] for key in missing}}
    if missing and event.get("status") != "deprecated":
        filled["status"] = "draft"
    return filled, missing


def property_from(written: str) -> tuple[str, dict[str, Any]]:
    """A property's name and schema from `name:type` or, where it is required, `name:type!`."""
    match = _PROPERTY.fullmatch(written)
    if match is None or not match["name"].strip():
        raise ConfigurationError(
            f"`{written}` is no property",
            remedy="write it as `plan:string`, with a `!` behind it if it is required",
        )
    if match["type"] not in TYPES:
        remedy = did_you_mean(match["type"], TYPES) or f"allowed: {', '.join(TYPES)}"
        raise ConfigurationError(f"`{written}`: `{match['type']}` is no type", remedy=remedy)
    schema: dict[str, Any] = {"type": match["type"]}
    return match["name"], {**schema, "required": True} if match["required"] else schema


def properties_from(written: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The properties of `property_from`. Raises ConfigurationError where a name is there twice."""
    properties: dict[str, dict[str, Any]] = {}
    for each in written:
        name, schema = property_from(each)
        if name in properties:
            raise ConfigurationError(f"the property `{name}` is there twice", remedy="keep one")
        properties[name] = schema
    return properties


def composed(name: str) -> str:
    """The name as the loader compares it: what looks the same may be other characters."""
    return unicodedata.normalize("NFC", name)


def same_name(name: str, known: Iterable[str]) -> str | None:
    """A known name that is the given one, or looks the same and is spelled in other characters."""
    return next((each for each in known if composed(each) == composed(name)), None)


def similar_name(name: str, known: Iterable[str]) -> str | None:
    """A known name that reads like the given one, but is another: case, separators, a letter."""
    others = (each for each in sorted(known, reverse=True) if each != name)
    return next((other for _, other in similar_pairs([name], others)), None)


def similar_pairs(names: Sequence[str], known: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each of the names that reads like a known one or one before it, with that one.

    Among very many names only those are found that differ in case and separators.
    """
    others = {_bare(each): each for each in known}
    for name in names:
        bare = _bare(name)
        near = [bare] if bare in others else []
        if not near and len(others) <= _FEW:
            near = difflib.get_close_matches(bare, list(others), n=1, cutoff=_ALIKE)
        if near and others[near[0]] != name:
            yield name, others[near[0]]
        others.setdefault(bare, name)


def _bare(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(each for each in folded if each.isalnum()) or folded
