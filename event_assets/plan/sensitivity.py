"""What a schema as written calls sensitive: in itself, within, or in definitions it refers to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from event_assets.json_values import is_object
from event_assets.plan.schemas import (
    DEFINITIONS,
    REFERENCE,
    SENSITIVITIES,
    Sensitivity,
    children,
)

Definitions = Mapping[str, Any]
Path = tuple[str, ...]

MAX_PATHS = 1_000


def sensitivities(written: dict[str, Any], definitions: Definitions) -> dict[Path, Sensitivity]:
    """The path to whatever is sensitive, () the schema itself, with how sensitive that is.

    A definition that contains itself is followed once. Where there are more than MAX_PATHS, the
    schema as a whole counts as sensitive.
    """
    return _Search(definitions).within(written)


def highest(found: Mapping[Path, Sensitivity]) -> Sensitivity:
    """The highest of several sensitivities."""
    levels: list[Sensitivity] = [each for each in SENSITIVITIES if each in found.values()]
    return levels[-1] if levels else "none"


class _Search:
    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self._found: dict[str, dict[Path, Sensitivity]] = {}

    def within(self, written: dict[str, Any]) -> dict[Path, Sensitivity]:
        found: dict[Path, Sensitivity] = {}
        own: Sensitivity = written.get("sensitivity", SENSITIVITIES[0])
        if own != SENSITIVITIES[0]:
            found[()] = own
        for location, each in children(written):
            step = (str(location[1]),) if location[0] == "properties" else ()
            self._add(found, step, self.within(each))
        self._add(found, (), self._in_definition(written.get(REFERENCE)))
        return {(): highest(found)} if len(found) > MAX_PATHS else found

    def _in_definition(self, reference: object) -> dict[Path, Sensitivity]:
        name = str(reference).removeprefix(f"#/{DEFINITIONS}/")
        definition = self._definitions.get(name)
        if name not in self._found and is_object(definition):
            self._found[name] = {}  # while it is looked into
            self._found[name] = self.within(definition)
        return self._found.get(name, {})

    @staticmethod
    def _add(found: dict[Path, Sensitivity], step: Path, more: Mapping[Path, Sensitivity]) -> None:
        for path, sensitivity in more.items():
            whole = (*step, *path)
            before: Sensitivity = found.get(whole, sensitivity)
            found[whole] = highest({(): before, ("",): sensitivity})
