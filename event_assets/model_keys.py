"""The keys that a pydantic model allows, at any depth within it."""

from __future__ import annotations

import typing
from typing import Any

from pydantic import BaseModel


def keys_at(model: type[BaseModel], location: tuple[str | int, ...]) -> list[str]:
    """The keys that a model allows at a location within it; none where it is no model's."""
    annotation: Any = model
    for part in location:
        annotation = _member(annotation, part)
    submodel = _submodel(annotation)
    return [] if submodel is None else list(submodel.model_fields)


def _member(annotation: Any, part: str | int) -> Any:
    submodel = _submodel(annotation)
    if submodel is not None:
        field = submodel.model_fields.get(str(part))
        return None if field is None else field.annotation
    for each in _alternatives(annotation):
        arguments = typing.get_args(each)
        if arguments:
            return arguments[-1] if typing.get_origin(each) is dict else arguments[0]
    return None


def _submodel(annotation: Any) -> type[BaseModel] | None:
    for each in _alternatives(annotation):
        if isinstance(each, type) and issubclass(each, BaseModel):
            return each
    return None


def _alternatives(annotation: Any) -> list[Any]:
    """The annotation itself, or what stands beside None in an optional one."""
    origin = typing.get_origin(annotation)
    if origin in (None, dict, list, tuple):
        return [annotation]
    return [each for each in typing.get_args(annotation) if each is not type(None)]
