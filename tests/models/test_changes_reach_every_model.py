"""The wiring of changes, read off the project: who emits, who follows, and in which order they run."""

from typing import Any

import pytest


@pytest.fixture(scope="module")
def nodes(dbt_home: tuple[Any, Any]) -> dict[str, Any]:
    """The incremental models by unique id."""
    _, manifest = dbt_home
    return {
        key: node
        for key, node in manifest.nodes.items()
        if node.resource_type == "model" and node.config.materialized == "keyed_incremental"
    }


def ancestors(nodes: dict[str, Any], key: str) -> set[str]:
    parents = {name for name in nodes[key].depends_on.nodes if name in nodes}
    return parents | {name for parent in parents for name in ancestors(nodes, parent)}


def test_a_model_runs_after_every_model_that_emits_what_it_follows(nodes: dict[str, Any]) -> None:
    """Else it would mark as applied what it never saw."""
    emitters: dict[str, set[str]] = {}
    for key, node in nodes.items():
        for kind in node.config.get("emits", {}):
            emitters.setdefault(kind, set()).add(key)
    for key, node in nodes.items():
        for kind in node.config.get("follows", []):
            assert emitters.get(kind), f"{node.name} follows {kind}, which nobody emits"
            assert emitters[kind] <= ancestors(nodes, key), (
                f"{node.name} may run before its changes"
            )


def test_a_kind_that_is_emitted_is_followed(nodes: dict[str, Any]) -> None:
    followed = {kind for node in nodes.values() for kind in node.config.get("follows", [])}
    emitted = {kind for node in nodes.values() for kind in node.config.get("emits", {})}
    assert emitted == followed


def test_what_is_compared_in_full_emits_its_changes_or_is_configuration(
    nodes: dict[str, Any],
) -> None:
    """A model that follows nothing tells of its changes, or reads the plan alone: then a fingerprint does."""
    parents = {name for node in nodes.values() for name in node.depends_on.nodes}
    for key, node in nodes.items():
        if key in parents and not node.config.get("follows"):
            reads_plan_alone = all(".plan." in name for name in node.depends_on.nodes)
            assert node.config.get("emits") or reads_plan_alone, node.name
