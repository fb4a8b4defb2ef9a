"""`plan diff`: what is called additive leaves every clean event clean; the rest needs a version."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from random_schemas import NAMES, changed, schema, value

from event_assets.plan.comparing.changes import plan_changes
from event_assets.plan.loader import load_plan
from event_assets.plan.model import Channels, Event, Plan
from event_assets.plan.schema_checks import check_properties
from event_assets.plan.schemas import SchemaMistake, check_compiles
from event_assets.plan.verdicts import Judge

Write = Callable[[dict[str, str]], Path]
PROJECT = Path(__file__).parents[2]

KINDS = ("client", "server", "mobile")
DAYS = (date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1))
VERSIONS = ("1", "2", "3")


def a_shape(rng: Random) -> dict[str, Any]:
    shape: dict[str, Any] = {"properties": {}}
    for name in rng.sample(NAMES, rng.randrange(4)):
        written = schema(rng, 1, has_references=False)
        shape["properties"][name] = written if isinstance(written, dict) else {}
        if rng.randrange(2):
            shape["properties"][name]["required"] = True
    if not rng.randrange(4):
        shape["rules"] = {"maxProperties": rng.randrange(1, 3)}
    return shape


def an_event(rng: Random) -> dict[str, Any]:
    event = {
        **{"event": "e", "description": "d", "purpose": "p", "owner": "team:x"},
        "sent_by": rng.sample(KINDS, rng.randrange(1, 4)),
        **a_shape(rng),
    }
    if not rng.randrange(3):
        earlier = a_shape(rng)
        if rng.randrange(2):
            event["versions"], earlier["versions"] = ["2"], ["1"]
        if rng.randrange(2) or "versions" not in earlier:
            earlier["until"] = rng.choice(DAYS)
            event["since"] = rng.choice(DAYS)
        event["earlier"] = [earlier]
    elif not rng.randrange(4):
        event["versions"] = ["1"]
    return event


def a_changed_event(rng: Random, old: dict[str, Any]) -> dict[str, Any]:
    new = {**old, "properties": dict(old["properties"])}
    for _ in range(rng.randrange(1, 3)):
        match rng.randrange(8):
            case 0:
                new["sent_by"] = rng.sample(KINDS, rng.randrange(1, 4))
            case 1:
                new["earlier"] = []
            case 2:  # the way that the documentation tells: the older shape stays
                older = {key: old[key] for key in ("properties", "rules") if key in old}
                if not old.get("versions"):
                    new["earlier"] = [{**older, "versions": ["1"]}]
                    new["versions"] = ["2"]
            case 3:
                new["rules"] = {"minProperties": rng.randrange(2)}
            case 4:
                new["properties"] = a_shape(rng)["properties"]
            case _ if new["properties"]:
                name = rng.choice(sorted(new["properties"]))
                mutated = changed(rng, new["properties"][name], 1)
                new["properties"][name] = mutated if isinstance(mutated, dict) else {}
            case _:
                new["properties"]["b"] = {"type": "integer"}
    return new


def plan_of(written: dict[str, Any]) -> Plan | None:
    """A plan with one event, or None where it is none."""
    try:
        for shape in (written, *written.get("earlier", ())):
            check_properties(shape["properties"])
        event = Event.model_validate(written)
        for shape in event.shapes:
            for each in shape.properties.values():
                check_compiles(each.json_schema)
    except (ValidationError, SchemaMistake):
        return None
    return Plan(
        name="x",
        version=1,
        events={"e": event},
        property_groups={},
        funnels={},
        channels=Channels(),
        rates=(),
    )


def compared(seed: int) -> tuple[int, int]:
    """How many events were clean under both plans, where nothing is called breaking, or 0, 1."""
    rng = Random(seed)
    written = an_event(rng)
    old, new = plan_of(written), plan_of(a_changed_event(rng, written))
    if old is None or new is None:
        return 0, 0
    if any(change.kind == "breaking" for change in plan_changes(old, new)):
        return 0, 1
    before, after = Judge(old.verdict_document()), Judge(new.verdict_document())
    clean = 0
    for _ in range(80):
        properties = {name: value(rng, 1) for name in rng.sample((*NAMES, "z"), rng.randrange(4))}
        moment = None
        if rng.randrange(3):
            day = rng.choice(DAYS) + timedelta(days=rng.randrange(-1, 2))
            midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
            moment = int(midnight.timestamp() * 1e6)
        version = rng.choice([None, *VERSIONS])
        how = "e", properties, version, rng.choice([None, *KINDS]), moment
        if before.judge(*how) is None:
            clean += 1
            assert after.judge(*how) is None, (written, how, plan_changes(old, new))
    return clean, 0


@settings(max_examples=1500, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_without_a_breaking_change_a_clean_event_stays_clean(seed: int):
    compared(seed)


def test_the_random_plans_are_no_empty_promise():
    found = [compared(seed) for seed in range(400)]
    assert sum(clean for clean, _ in found) > 1_000
    assert sum(breaking for _, breaking in found) > 50


EVENT = """\
event: pay
description: Money came in.
purpose: Revenue.
owner: pay@example.com
sent_by: [server, client]
groups: [money]
conversion: {value: amount, key: order}
properties:
  order: {type: string, required: true}
  plan: {type: string, enum: [free, pro]}
  age: {type: integer, minimum: 18}
  address:
    type: object
    properties:
      city: {type: string, maxLength: 20}
"""
FILES = {
    "plan.yaml": "name: shop\nversion: 3\npolicy: {value_invalid: accept}\n",
    "events/pay.yaml": EVENT,
    "property_groups.yaml": "groups:\n  money:\n    amount: {type: number}\n",
    "funnels.yaml": "funnels:\n  buy:\n    steps: [signup, pay]\n    window: 7 days\n",
    "channels.yaml": "rules:\n  - {name: x, channel: Email, source: x}\n",
    "rates.csv": "date,currency,rate\n2026-01-01,USD,0.9\n",
}


def told(write_plan: Write, name: str, old: str, new: str) -> list[str]:
    """`kind file:line: message` of each change after one replacement in one file."""
    from event_assets.plan.comparing.changes import placed
    from event_assets.plan.loader import read_plan

    before = load_plan(write_plan(FILES))
    assert old in FILES[name]
    folder = write_plan({**FILES, name: FILES[name].replace(old, new)})
    after = read_plan(folder)
    assert after.plan is not None, after.mistakes
    return [
        f"{change.kind} {placed(change, after.files)}".replace("plan/events/", "")
        for change in plan_changes(before, after.plan)
    ]


PAY = "events/pay.yaml"
MEANS = "; its numbers mean something else then"
CHANGES = {
    "newly required": (PAY, "{type: integer, m", "{required: true, type: integer, m",
        ["breaking pay.yaml:11: properties.age.required: is required now"]),
    "no longer required": (PAY, ", required: true", "",
        ["additive pay.yaml:9: properties.order.required: is not required any more"]),
    "narrower type": (PAY, "{type: string, enum", "{type: [string, 'null'], enum",
        ["additive pay.yaml:10: properties.plan.type: string → string or null"]),
    "bound tightened": (PAY, "minimum: 18", "minimum: 21",
        ["breaking pay.yaml:11: properties.age.minimum: 18 → 21"]),
    "bound loosened": (PAY, "minimum: 18", "minimum: 16",
        ["additive pay.yaml:11: properties.age.minimum: 18 → 16"]),
    "value gone": (PAY, "[free, pro]", "[pro]",
        ["breaking pay.yaml:10: properties.plan.enum: `free` is not taken any more"]),
    "value come": (PAY, "[free, pro]", "[free, pro, team]",
        ["additive pay.yaml:10: properties.plan.enum: takes `team` as well"]),
    "nested": (PAY, "maxLength: 20", "maxLength: 10",
        ["breaking pay.yaml:15: properties.address.properties.city.maxLength: 20 → 10"]),
    "undecidable": (PAY, "maxLength: 20", "maxLength: 20, pattern: ^x",
        ["breaking pay.yaml:15: properties.address.properties.city.pattern: ^x is new: "
         "may reject what was accepted"]),
    "property gone": (PAY, "  age: {type: integer, minimum: 18}\n", "",
        ["breaking pay.yaml:8: properties.age: is not planned any more"]),
    "property come": (PAY, "properties:\n  o", "properties:\n  new: {type: string}\n  o",
        ["additive pay.yaml:9: properties.new: new property"]),
    "property of a group": ("property_groups.yaml", "number", "integer",
        ["breaking plan/property_groups.yaml:3: groups.money.amount.type: number → integer"]),
    "fewer senders": (PAY, "[server, client]", "[server]",
        ["breaking pay.yaml:5: sent_by: `client` may not send it any more"]),
    "more senders": (PAY, "[server, client]", "[server, client, mobile]",
        ["additive pay.yaml:5: sent_by: `mobile` may send it too"]),
    "rules": (PAY, "properties:\n  order", "rules: {dependentRequired: {plan: [age]}}\nproperties:\n  order",
        ["breaking pay.yaml:8: rules.dependentRequired: is new: may reject what was accepted"]),
    "older shape kept": (PAY, "conversion: {", "versions: [2]\nearlier:\n  - {versions: [1], groups: [money],"
        " properties: {order: {type: string, required: true}, plan: {enum: [free, pro], type: string},"
        " age: {type: integer, minimum: 18}, address: {type: object, properties: {city: {type: string,"
        " maxLength: 20}}}}}\nconversion: {",
        ["breaking pay.yaml:7: versions: a version that is not named is not taken any more",
         "additive pay.yaml:9: earlier.0: an earlier shape of version 1 is taken"]),
    "conversion": (PAY, "key: order", "key: plan",
        [f"breaking pay.yaml:7: conversion.key: order → plan{MEANS}"]),
    "conversion gone": (PAY, "conversion: {value: amount, key: order}\n", "",
        [f"breaking pay.yaml:1: conversion: is gone{MEANS}"]),
    "role": (PAY, "groups: [", "role: page_view\ngroups: [",
        [f"breaking pay.yaml:6: role: (none) → page_view{MEANS}"]),
    "own policy": (PAY, "groups: [", "policy: {value_invalid: omit}\ngroups: [",
        ["breaking pay.yaml:6: policy.value_invalid: accept → omit"]),
    "policy": ("plan.yaml", "accept", "quarantine",
        ["breaking plan/plan.yaml:3: policy.value_invalid: accept → quarantine"]),
    "looser policy": ("plan.yaml", "value_invalid: accept", "value_invalid: accept, required_missing: accept",
        ["additive plan/plan.yaml:3: policy.required_missing: quarantine → accept"]),
    "words": (PAY, "Money came in.", "Money came.",
        ["note pay.yaml:2: description: Money came in. → Money came."]),
    "owner": (PAY, "pay@", "money@",
        ["note pay.yaml:4: owner: pay@example.com → money@example.com"]),
    "words on a property": (PAY, "minimum: 18", "minimum: 18, description: Years.",
        ["note pay.yaml:11: properties.age.description: reworded"]),
    "funnel": ("funnels.yaml", "7 days", "8 days",
        [f"breaking plan/funnels.yaml:4: funnels.buy.window: changed{MEANS}"]),
    "more funnels": ("funnels.yaml", "funnels:\n", "funnels:\n  a: {steps: [pay, pay]}\n",
        ["additive plan/funnels.yaml:2: funnels.a: new funnel"]),
    "rule at the end": ("channels.yaml", "x}\n", "x}\n  - {name: y, channel: Email, source: y}\n",
        ["additive plan/channels.yaml:3: rules.1: one more"]),
    "rule before another": ("channels.yaml", "rules:\n", "rules:\n  - {name: y, channel: Email, source: y}\n",
        ["breaking plan/channels.yaml:1: rules: changed; past touches go to other channels then"]),
    "paid medium": ("channels.yaml", "rules:\n", "paid_mediums: [sponsored]\nrules:\n",
        ["breaking plan/channels.yaml:1: paid_mediums: changed; past touches go to other channels then"]),
    "rate": ("rates.csv", "0.9", "0.8",
        ["breaking other rates of USD on 2026-01-01; past values are others then"]),
}  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "expected"), CHANGES.values(), ids=CHANGES.keys())
def test_a_change_is_told_with_its_kind_and_line(
    write_plan: Write, name: str, old: str, new: str, expected: list[str]
):
    assert told(write_plan, name, old, new) == expected


EXPERIMENT = """\
experiments:
  x:
    channel: Email
    conversion: pay
    assigned_by: {event: signup, arm: plan}
    starts: 2026-01-01
    ends: 2026-01-09
"""


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (EXPERIMENT.replace("01-09", "01-08"), [("breaking", "ends", f"changed{MEANS}")]),
        (EXPERIMENT.replace("arm: plan", "arm: age"), [("breaking", "assigned_by", f"changed{MEANS}")]),
        (EXPERIMENT + "    description: News.\n", [("note", "description", "reworded")]),
        (EXPERIMENT.replace("  x:", "  y:"), [("breaking", "x", "removed"), ("additive", "y", "new experiment")]),
    ],
)  # fmt: skip
def test_a_changed_experiment_is_told_by_what_becomes_of_its_numbers(
    write_plan: Write, written: str, expected: list[tuple[str, ...]]
):
    signup = {"events/signup.yaml": EVENT.replace("pay\n", "signup\n", 1).split("conversion")[0]}
    signup["events/signup.yaml"] += "properties: {plan: {type: string}, age: {type: string}}\n"
    before = load_plan(write_plan({**FILES, **signup, "experiments.yaml": EXPERIMENT}))
    after = load_plan(write_plan({**FILES, **signup, "experiments.yaml": written}))
    found = plan_changes(before, after)
    assert {each.of for each in found} == {"experiments.yaml"}
    assert [(each.kind, each.location[-1], each.message) for each in found] == expected


def test_an_older_shape_that_is_kept_turns_breaking_into_additive(write_plan: Write):
    first = EVENT.replace("groups: [", "versions: [1]\ngroups: [")
    own = first[first.index("properties:") :]
    kept = "".join(f"    {line}\n" for line in own.splitlines())
    second = first.replace("versions: [1]", "versions: [2]").replace("minimum: 18", "minimum: 21")
    earlier = f"earlier:\n  - versions: [1]\n    groups: [money]\n{kept}"
    before = load_plan(write_plan({**FILES, PAY: first}))
    after = load_plan(write_plan({**FILES, PAY: second + earlier}))
    assert {change.kind for change in plan_changes(before, after)} == {"additive"}
    until = earlier.replace("versions: [1]", "versions: [1]\n    until: 2026-12-01")
    ending = load_plan(write_plan({**FILES, PAY: second + until}))
    breaking = [each for each in plan_changes(before, ending) if each.kind == "breaking"]
    assert [each.message for each in breaking] == [
        "what was taken is taken until 2026-12-01 only",
        "version `1` is taken until 2026-12-01 only",
    ]


def test_an_event_whose_file_is_gone_is_breaking_with_the_way_back(write_plan: Write):
    before = load_plan(write_plan(FILES))
    folder = write_plan({**FILES, "funnels.yaml": ""})
    (folder / PAY).unlink()
    changes = plan_changes(before, load_plan(folder))
    assert [(each.of, each.kind, each.message) for each in changes] == [
        (
            "pay",
            "breaking",
            "removed; a file is never deleted: put it back with `status: deprecated`",
        ),
        ("funnels.yaml", "breaking", "removed"),
    ]


def run(cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("EVENT_ASSETS_", "GIT_"))}
    return subprocess.run(
        [sys.executable, "-m", "event_assets", "plan", "diff", *arguments],
        cwd=cwd,
        env={**kept, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
    )


def git(cwd: Path, *arguments: str) -> None:
    who = ["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", cwd, *who, *arguments], check=True, capture_output=True)


def test_a_breaking_change_ends_with_1_until_the_version_is_raised(
    write_plan: Write, tmp_path: Path
):
    folder = write_plan(FILES)
    git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "one")
    done = run(tmp_path, "main", "--plan", "plan")
    assert (done.returncode, done.stdout) == (0, "no changes since main\n")

    path = folder / PAY
    path.write_text(EVENT.replace("minimum: 18", "minimum: 16"))
    done = run(tmp_path, "main", "--plan", "plan")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "pay",
        "  additive  plan/events/pay.yaml:11: properties.age.minimum: 18 → 16",
        "nothing breaking since main: no new version is needed",
    ]

    path.write_text(EVENT.replace("minimum: 18", "minimum: 21"))
    done = run(tmp_path, "HEAD", "--plan", "plan")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == (
        "1 breaking change since HEAD; set `version: 4` in plan.yaml, or keep in `earlier` what an "
        "event took before"
    )
    found = json.loads(run(tmp_path, "HEAD", "--plan", "plan", "--json").stdout)
    assert found["changes"] == [
        {
            "of": "pay",
            "kind": "breaking",
            "file": "plan/events/pay.yaml",
            "line": 11,
            "place": "properties.age.minimum",
            "message": "18 → 21",
        }
    ]

    (folder / "plan.yaml").write_text(FILES["plan.yaml"].replace("3", "4"))
    done = run(tmp_path, "HEAD", "--plan", "plan")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "1 breaking change since HEAD, under the new version 4"

    (folder / "plan.yaml").write_text(FILES["plan.yaml"].replace("3", "2"))
    done = run(tmp_path, "HEAD", "--plan", "plan")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith("version went from 3 back to 2 since HEAD")


def test_without_a_base_it_is_the_main_branch_or_the_commit_before_or_nothing(
    write_plan: Write, tmp_path: Path
):
    folder = write_plan(FILES)
    git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "one")
    done = run(tmp_path, "--plan", "plan")
    assert done.returncode == 0
    assert done.stdout.startswith("nothing to compare with: neither origin/main nor")
    (folder / "plan.yaml").write_text(FILES["plan.yaml"].replace("3", "4"))
    git(tmp_path, "commit", "--quiet", "--all", "--message", "two")
    assert run(tmp_path, "--plan", "plan").stdout.endswith(
        "nothing breaking since HEAD~1: no new version is needed\n"
    )
    git(tmp_path, "update-ref", "refs/remotes/origin/main", "HEAD~1")
    assert "since origin/main" in run(tmp_path, "--plan", "plan").stdout
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{tmp_path}", str(shallow))
    done = run(shallow, "--plan", "plan")
    assert (done.returncode, done.stdout[:26]) == (0, "nothing to compare with: n")


def test_a_base_without_a_plan_or_with_a_broken_one_is_nothing_to_compare_with(
    write_plan: Write, tmp_path: Path
):
    (tmp_path / "README").write_text("x")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "one")
    folder = write_plan(FILES)
    done = run(tmp_path, "HEAD", "--plan", "plan")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "nothing to compare with: HEAD has no plan there\n"
    (folder / PAY).write_text(EVENT + "rol: x\n")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "two")
    (folder / PAY).write_text(EVENT)
    done = run(tmp_path, "HEAD", "--plan", "plan")
    assert done.returncode == 0
    assert done.stdout == (
        "nothing to compare with: the plan of HEAD has mistakes (events/pay.yaml): "
        "rol: unknown key\n"
    )


def test_a_base_that_is_not_there_ends_with_2_and_one_line(write_plan: Write, tmp_path: Path):
    write_plan(FILES)
    done = run(tmp_path, "mian", "--plan", "plan")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("there is no folder `mian`, and plan is in no git repository; ")
    git(tmp_path, "init", "--quiet")
    for base in ("mian", "--", "main..HEAD", ""):
        done = run(tmp_path, "--plan", "plan", "--", base)
        assert done.returncode in (0, 2)
        assert "Traceback" not in done.stderr
    done = run(tmp_path, "mian", "--plan", "plan")
    assert done.stderr.startswith("there is neither a folder nor a git revision `mian` here; ")
    done = run(tmp_path, "mian", "--plan", "plam")
    assert done.stderr.startswith("there is no plan in plam; ")


def test_a_folder_can_be_the_base(write_plan: Write, tmp_path: Path):
    write_plan(FILES).rename(tmp_path / "before")
    write_plan({**FILES, PAY: EVENT.replace("minimum: 18", "minimum: 21")})
    done = run(tmp_path, "before", "--plan", "plan")
    assert done.returncode == 1
    assert "1 breaking change since before" in done.stdout
    (tmp_path / "empty").mkdir()
    done = run(tmp_path, "empty", "--plan", "plan")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("there is no plan in empty; ")
