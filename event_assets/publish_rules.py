"""What of the marts is published and what stays behind, as the dbt models say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MARTS = "marts"


@dataclass(frozen=True)
class PublishRules:
    """What stays behind: tables, columns of tables, and rows from before `as_of - since`.

    A model says so in dbt: `meta: {published: false}` on itself or on a column of it, and
    `meta: {published_since: started_at}` with the name of its time column.
    """

    tables: frozenset[str] = frozenset()
    columns: frozenset[tuple[str, str]] = frozenset()
    since_columns: Mapping[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def from_manifest(cls, manifest: Mapping[str, Any]) -> PublishRules:
        """The rules that a dbt manifest holds."""
        nodes = {
            node["alias"]: node
            for node in manifest["nodes"].values()
            if node["resource_type"] in ("model", "seed") and node["schema"] == MARTS
        }
        return cls(
            frozenset(name for name, node in nodes.items() if _stays(node)),
            frozenset(
                (name, column["name"])
                for name, node in nodes.items()
                for column in node["columns"].values()
                if _stays(column)
            ),
            {
                name: _meta(node)["published_since"]
                for name, node in nodes.items()
                if "published_since" in _meta(node)
            },
        )


def _meta(part: Mapping[str, Any]) -> dict[str, Any]:
    return {**part.get("meta", {}), **part.get("config", {}).get("meta", {})}


def _stays(part: Mapping[str, Any]) -> bool:
    return _meta(part).get("published") is False
