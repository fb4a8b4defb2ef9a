"""The simulated shop sends what the example plan plans, and its mistakes are the plan's violations."""

from collections import Counter
from pathlib import Path

from raw_logs import ShopOnDisk

from event_assets.plan.loader import load_plan
from event_assets.plan.verdicts import Judge

EXAMPLE_PLAN = Path(__file__).parents[2] / "tracking_plan"
KIND_OF_VIOLATION = {
    "unplanned_event": "unplanned_event",
    "required_missing": "missing_property",
    "type_mismatch": "wrong_type",
    "value_invalid": "value_outside_enum",
}


def test_the_example_plan_finds_the_planted_mistakes_and_no_others(
    shop_of_the_demo: ShopOnDisk,
) -> None:
    judge = Judge(load_plan(EXAMPLE_PLAN).verdict_document())
    found: Counter[str] = Counter()
    actions: Counter[tuple[str, str]] = Counter()
    for line in shop_of_the_demo.lines:
        if line.body is None:
            continue
        verdict = judge.judge(line.body["event_type"], line.properties)
        if verdict is not None:
            found.update(KIND_OF_VIOLATION[violation.type] for violation in verdict.violations)
            actions[line.source, verdict.action] += 1
    truth = shop_of_the_demo.truth
    assert found == {kind: truth.planted[kind] for kind in KIND_OF_VIOLATION.values()}
    assert sum(
        count for (_, action), count in actions.items() if action == "quarantine"
    ) + truth.planted["torn_line"] == sum(truth.quarantined.values())
    for source in truth.flagged:
        assert actions[source, "accept"] == truth.flagged[source]


def test_each_source_sends_only_events_that_the_plan_expects_of_it(
    shop_of_the_demo: ShopOnDisk,
) -> None:
    events = load_plan(EXAMPLE_PLAN).events
    unexpected = Counter(
        line.body["event_type"]
        for line in shop_of_the_demo.lines
        if line.body is not None
        and (
            line.body["event_type"] not in events
            or line.source not in events[line.body["event_type"]].sent_by
        )
    )
    planted = shop_of_the_demo.truth.planted["unplanned_event"]
    assert unexpected == {"Add_To_Cart_Clicked": planted}
