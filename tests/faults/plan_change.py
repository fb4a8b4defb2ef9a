"""The tracking plan changes while logs of the old one are there and more come."""

import json
import random
from datetime import timedelta
from pathlib import Path

from event_assets.plan.verdicts import Judge
from tests.faults.fault import Fault, Measured
from tests.ingest.ingest_workspace import DAY, NOON, Workspace, line, make_workspace

BEFORE = "properties:\n  amount: {type: number, required: true}\n  note: {type: string}\n"
CHANGES = {
    "retyped": "properties:\n  amount: {type: string, required: true}\n",
    "new and required": "properties:\n  amount: {required: true}\n  order: {required: true}\n",
    "narrowed": "properties:\n  amount: {enum: [abc], required: true}\n",
}
POLICY = "policy: {unplanned_property: quarantine}\n"


def _before(workspace: Workspace, number: int) -> list[str]:
    workspace.write_plan("plan.yaml", "name: test\nversion: 1\n" + POLICY)
    workspace.write_plan("events/buy.yaml", BEFORE)
    ids = [f"b{number}-{each}" for each in range(50)]
    sent = [line("buy", event_id=each, properties={"amount": 5, "note": "a"}) for each in ids]
    workspace.write(b"".join(sent))
    return ids


def _after(workspace: Workspace, change: str) -> None:
    workspace.write_plan("plan.yaml", "name: test\nversion: 2\n" + POLICY)
    workspace.write_plan("events/buy.yaml", CHANGES[change])


def ours(folder: Path, rounds: int) -> Measured:
    """A round is a change between two days; what the first plan let in stays in under its version."""
    measured, rng = Measured(), random.Random(1)
    for number in range(rounds):
        workspace = make_workspace(folder / f"{number}")
        ids = _before(workspace, number)
        workspace.ingest()
        _after(workspace, rng.choice(list(CHANGES)))
        new = [f"n{number}-{each}" for each in range(50)]
        properties = {"amount": "abc", "order": 1}
        sent = [line("buy", event_id=each, at=NOON, properties=properties) for each in new]
        workspace.write(b"".join(sent), day=DAY + timedelta(days=1))
        workspace.ingest_pending()
        # the second plan judges its own day; whatever it decides, every record is somewhere
        of_new = [json.loads(row["raw"])["event_id"] for row in workspace.rows("quarantine")]
        found = [row["event_id"] for row in workspace.rows()]
        measured.compare(ids + new, found + of_new)
        measured.expect(
            set(ids) <= set(found), "an event of the plan before is not accepted any more"
        )
        versions = {each.landing_date: each.plan_version for each in workspace.records()}
        measured.expect(list(versions.values()) == [1, 2], "a load does not name its own plan")
        measured.rounds += 1
    return measured


def naive(folder: Path, rounds: int) -> Measured:
    """Everything is judged by the plan as it is now whenever it is read, and what fails is dropped."""
    measured = Measured()
    workspace = make_workspace(folder)
    ids = _before(workspace, 0)
    for change in CHANGES:
        _after(workspace, change)
        judge = Judge(workspace.plan.verdict_document())
        found: list[str] = []
        for each in (workspace.root / "data/raw").rglob("*.jsonl"):
            for text in each.read_text().splitlines():
                sent = json.loads(text)
                verdict = judge.judge("buy", sent["properties"], None, "client", None)
                if verdict is None or verdict.action != "quarantine":
                    found.append(sent["event_id"])
        measured.compare(ids, found)
    measured.rounds = rounds
    return measured


FAULTS = [
    Fault(
        20,
        "a property is retyped, removed or required between two days",
        ours,
        naive,
        "all is judged by the plan as it is now",
        few=2,
        many=20,
    )
]
