"""What earlier versions of the plan held, for the coverage of events that they judged."""

import json
from typing import Any

import pyarrow.parquet as pq
import pytest
from ingest_workspace import Workspace, line

from event_assets.ingest import write_admission
from event_assets.plan.history import KeptPlan, history_tables


def table(workspace: Workspace, name: str) -> list[tuple[Any, ...]]:
    settings = workspace.settings
    write_admission(workspace.records(), settings, workspace.plan)
    rows = pq.read_table(settings.plan_tables_dir / f"{name}.parquet").to_pylist()
    return [tuple(row.values()) for row in rows]


def set_version(workspace: Workspace, version: int) -> None:
    workspace.write_plan("plan.yaml", f"name: test\nversion: {version}\n")


def test_the_current_plan_is_told_before_anything_was_judged(workspace: Workspace) -> None:
    assert table(workspace, "plan_history") == [(1, workspace.plan.verdict_hash, True)]
    assert table(workspace, "plan_history_events") == [(1, "buy", False), (1, "view", True)]
    assert table(workspace, "plan_history_properties") == [
        (1, "buy", "amount", True),
        (1, "buy", "currency", False),
        (1, "buy", "items", False),
    ]


def test_a_version_keeps_what_it_planned_when_the_plan_goes_on(workspace: Workspace) -> None:
    workspace.write(line())
    workspace.ingest()
    first = workspace.plan.verdict_hash
    set_version(workspace, 2)
    workspace.write_plan("events/buy.yaml", "properties:\n  total: {type: number}\n")
    workspace.write_plan("events/ship.yaml", "")
    assert table(workspace, "plan_history") == [
        (1, first, False),
        (2, workspace.plan.verdict_hash, True),
    ]
    assert {row[:2] for row in table(workspace, "plan_history_events")} == {
        *((1, event) for event in ("buy", "view")),
        *((2, event) for event in ("buy", "ship", "view")),
    }
    properties = table(workspace, "plan_history_properties")
    assert [row[2] for row in properties if row[0] == 1] == ["amount", "currency", "items"]
    assert [row[2] for row in properties if row[0] == 2] == ["total"]


def test_of_two_plans_of_one_version_the_last_that_judged_counts(workspace: Workspace) -> None:
    """And before both the current one, where it has that version still."""
    workspace.write(line(), "a.jsonl")
    workspace.ingest()
    workspace.write_plan("events/ship.yaml", "")
    second = workspace.plan.verdict_hash
    workspace.write(line(), "b.jsonl")
    workspace.ingest()
    workspace.write_plan("events/pack.yaml", "")
    assert table(workspace, "plan_history") == [(1, workspace.plan.verdict_hash, True)]
    set_version(workspace, 2)
    assert table(workspace, "plan_history")[0] == (1, second, False)


@pytest.mark.parametrize("damage", [None, b"", b"{", b"[]", b'{"events": {"buy": []}}', b"\xff"])
def test_a_lost_document_leaves_its_version_to_an_older_one_or_unknown(
    workspace: Workspace, damage: bytes | None
) -> None:
    workspace.write(line(), "a.jsonl")
    workspace.ingest()
    first = workspace.plan.verdict_hash
    workspace.write_plan("events/ship.yaml", "")
    workspace.write(line(), "b.jsonl")
    workspace.ingest()
    plans = workspace.settings.plans_dir
    lost = [plans / f"{workspace.plan.verdict_hash}.json", plans / f"{first}.json"]
    set_version(workspace, 2)
    current = (2, workspace.plan.verdict_hash, True)
    for path, left in zip(lost, ([(1, first, False)], []), strict=True):
        if damage is None:
            path.unlink()
        else:
            path.write_bytes(damage)
        assert table(workspace, "plan_history") == [*left, current]


def test_an_event_takes_any_property_where_one_of_its_shapes_does() -> None:
    closed = {"properties": {"a": {}, "b": {}}, "required": ["a"], "additionalProperties": False}
    older = {"properties": {"c": {}}, "required": ["c"], "unevaluatedProperties": False}
    document = {
        "events": {
            "closed": {"shapes": [{"schema": closed}, {"schema": older}]},
            "half": {"shapes": [{"schema": closed}, {}]},
            "ruled": {"shapes": [{"schema": {"properties": {"a": {}}}}]},
            "kept long ago": {"schema": {**closed, "patternProperties": {"^x": {}}}},
        }
    }
    found = history_tables([KeptPlan(1, "h", json.loads(json.dumps(document)))])
    assert found["plan_history_events"].to_pydict()["takes_any_property"] == [
        *(False, True),
        *(True, True),
    ]
    rows = found["plan_history_properties"].to_pylist()
    assert [(row["property"], row["is_required"]) for row in rows if row["event"] == "closed"] == [
        ("a", True),
        ("b", False),
        ("c", False),
    ]
