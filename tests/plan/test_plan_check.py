"""`plan check`: all mistakes and no others, advice where there is something to think about."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from event_assets.plan.advice import advice
from event_assets.plan.loader import read_plan
from event_assets.plan.similar import similar_pairs

Write = Callable[[dict[str, str]], Path]
TODAY = date(2026, 9, 21)
PROJECT = Path(__file__).parents[2]


def event(name: str, more: str = "", *, is_used: bool = True) -> str:
    used = "used_by: [a report]\n" if is_used else ""
    return (
        f"event: {name}\ndescription: It happened.\npurpose: We ask.\nowner: team:web\n"
        f"sent_by: [client]\n{used}{more}"
    )


def properties(**types: str) -> str:
    return "properties:\n" + "".join(
        f"  {name}: {{{written}, description: Said.}}\n" for name, written in types.items()
    )


def advised(write_plan: Write, files: dict[str, str]) -> list[str]:
    """`file:line: message` of each piece of advice on a plan that has nothing else to advise on."""
    quiet = {"events/signup.yaml": event("signup")}
    reading = read_plan(write_plan({**quiet, **files}))
    assert reading.plan is not None, reading.mistakes
    return [str(each).partition(";")[0] for each in advice(reading.plan, reading.files, TODAY)]


def test_a_plan_in_which_all_is_said_gets_no_advice(write_plan: Write):
    files = {
        "events/a_view.yaml": event("a_view", "review_by: 2026-09-21\n" + properties(x="type: string")),
        "events/old.yaml": event("old", "status: deprecated\ndeprecated: {reason: obsolete}\n", is_used=False),
        "events/idea.yaml": event("idea", "status: draft\n", is_used=False),
        "property_groups.yaml": "groups: {g: {page: {type: string, description: P.}}}\n",
        "events/taker.yaml": event("taker", "groups: [g]\n"),
    }  # fmt: skip
    assert advised(write_plan, files) == []


ADVICE = {
    "rule about a property that is not there": (
        {
            "events/pay.yaml": event("pay", properties(method="enum: [card]"))
            + "rules:\n  if: {properties: {methud: {const: card}}}\n  then: {required: [method]}\n"
        },
        "plan/events/pay.yaml:10: rules.if.properties.methud: `pay` has no property `methud`",
    ),
    "rule that asks for a property that is not there": (
        {
            "events/pay.yaml": event("pay", properties(method="enum: [card]"))
            + "rules:\n  dependentRequired: {method: [card_typ]}\n"
        },
        "plan/events/pay.yaml:10: rules.dependentRequired.method.0: `pay` has no property "
        "`card_typ`",
    ),
    "unused": (
        {"events/lone.yaml": event("lone", is_used=False)},
        "plan/events/lone.yaml:3: purpose: nothing uses `lone`: no funnel, conversion, refund or "
        "role",
    ),
    "review past": (
        {"events/a.yaml": event("a", "review_by: 2026-09-20\n")},
        "plan/events/a.yaml:7: review_by: is past",
    ),
    "deprecated for no reason": (
        {"events/a.yaml": event("a", "status: deprecated\n", is_used=False)},
        "plan/events/a.yaml:6: status: deprecated without a reason",
    ),
    "renamed to nothing": (
        {
            "events/a.yaml": event(
                "a", "status: deprecated\ndeprecated: {reason: renamed}\n", is_used=False
            )
        },
        "plan/events/a.yaml:7: deprecated: renamed to what?",
    ),
    "renamed to a draft": (
        {
            "events/a.yaml": event(
                "a", "status: deprecated\ndeprecated: {reason: renamed, use: b}\n", is_used=False
            ),
            "events/b.yaml": event("b", "status: draft\n"),
        },
        "plan/events/a.yaml:7: deprecated.use: `b` is a draft itself",
    ),
    "deprecated and used": (
        {"events/a.yaml": event("a", "status: deprecated\ndeprecated: {reason: obsolete}\n")},
        "plan/events/a.yaml:6: used_by: is used though it is deprecated",
    ),
    "conversion on a draft": (
        {"events/a.yaml": event("a", "status: draft\nconversion: {}\n")},
        "plan/events/a.yaml:8: conversion: of an event that is a draft",
    ),
    "funnel on a deprecated event": (
        {
            "events/a.yaml": event(
                "a",
                "status: deprecated\ndeprecated: {reason: renamed, use: signup}\n",
                is_used=False,
            ),
            "funnels.yaml": "funnels:\n  f:\n    steps:\n      - signup\n      - a\n",
        },
        "plan/funnels.yaml:5: funnels.f.steps.1: `a` is deprecated",
    ),
    "shape that has ended": (
        {"events/a.yaml": event("a", "earlier:\n  - groups: []\n    until: 2026-09-20\n")},
        "plan/events/a.yaml:9: earlier.0.until: this shape was valid until 2026-09-20",
    ),
    "undescribed": (
        {"events/a.yaml": event("a", "properties:\n  p: {type: string}\n  q: {}\n")},
        "plan/events/a.yaml:8: properties.p: no description of `p`, `q`",
    ),
    "undescribed in a group": (
        {
            "events/a.yaml": event("a", "groups: [g]\n"),
            "property_groups.yaml": "groups:\n  g:\n    p: {type: string}\n",
        },
        "plan/property_groups.yaml:3: groups.g.p: no description of `p`",
    ),
    "personal by name": (
        {"events/a.yaml": event("a", properties(billing_email="type: string"))},
        "plan/events/a.yaml:8: properties.billing_email: may tell who a person is",
    ),
    "unused group": (
        {"property_groups.yaml": "groups:\n  g: {}\n"},
        "plan/property_groups.yaml:2: groups.g: no event takes this group",
    ),
    "types that differ": (
        {
            "events/a.yaml": event("a", properties(price="type: number")),
            "events/b.yaml": event("b", properties(price="type: integer")),
            "events/c.yaml": event("c", properties(price="type: string")),
        },
        "plan/events/c.yaml:8: properties.price: is a string here, a number in a",
    ),
    "event in another case": (
        {"events/Signup.yaml": event("Signup")},
        "plan/events/signup.yaml:1: event: `signup` differs from `Signup` in case only",
    ),
    "event with a letter more": (
        {"events/signnup.yaml": event("signnup")},
        "plan/events/signup.yaml:1: event: `signup` differs from `signnup` in one letter only",
    ),
    "property with another separator": (
        {
            "events/a.yaml": event("a", properties(order_id="type: string")),
            "events/b.yaml": event("b", properties(order_id="type: string")),
            "events/c.yaml": event("c", properties(orderId="type: string")),
        },
        "plan/events/c.yaml:8: properties.orderId: differs from `order_id` in a in separators only",
    ),
}


@pytest.mark.parametrize(("files", "expected"), ADVICE.values(), ids=ADVICE.keys())
def test_what_looks_like_an_oversight_is_told_with_its_line(
    write_plan: Write, files: dict[str, str], expected: str
):
    assert advised(write_plan, files) == [expected]


@pytest.mark.parametrize(
    "written",
    [
        "type: boolean",
        "type: string, enum: [work, home]",
        "type: string, sensitivity: none",
        "type: string, sensitivity: personal",
    ],
)
def test_who_has_decided_on_sensitivity_is_not_asked_again(write_plan: Write, written: str):
    assert advised(write_plan, {"events/a.yaml": event("a", properties(email=written))}) == []


@pytest.mark.parametrize(
    "names",
    [
        ["step_1", "step_2"],
        ["variant_a", "variant_b"],
        ["posX", "posY"],
        ["min_price", "max_price"],
        ["card", "cart"],
        ["checkout", "check_in"],
        ["日本", "日木"],
    ],
)
def test_names_that_are_meant_to_differ_are_left_alone(names: list[str]):
    assert list(similar_pairs(dict.fromkeys(names, 1))) == []


@given(
    name=st.text("abcdefghij", min_size=5, max_size=12),
    at=st.integers(0, 4),
    how=st.sampled_from(["drop", "swap", "other", "double", "upper", "separate"]),
)
def test_one_slip_of_the_fingers_is_found_wherever_it_is(name: str, at: int, how: str):
    slip = {
        "drop": name[:at] + name[at + 1 :],
        "swap": name[:at] + name[at : at + 2][::-1] + name[at + 2 :],
        "other": name[:at] + "z" + name[at + 1 :],
        "double": name[:at] + name[at] * 2 + name[at + 1 :],
        "upper": name[:at] + name[at].upper() + name[at + 1 :],
        "separate": name[: at + 1] + "_" + name[at + 1 :],
    }[how]
    pairs = list(similar_pairs({name: 2, slip: 1}))
    if slip == name or (how == "drop" and len(slip) < 5):
        assert pairs == []
    else:
        assert [(pair.name, pair.similar_to) for pair in pairs] == [(slip, name)]


# without digits: of names that differ in these alone one stands for all
@given(names=st.sets(st.text("abA_", min_size=1, max_size=8), max_size=12))
def test_similar_names_are_those_that_comparing_all_pairs_finds(names: set[str]):
    pairs = {pair.name for pair in similar_pairs(dict.fromkeys(names, 1))}
    each_pair = {
        name
        for one in names
        for other in names
        if one < other
        for found in similar_pairs({one: 1, other: 1})
        for name in (found.name, found.similar_to)
    }
    assert pairs <= each_pair
    assert bool(pairs) == bool(each_pair)


def check(folder: str, cwd: Path, *options: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("EVENT_ASSETS_")}
    return subprocess.run(
        [sys.executable, "-m", "event_assets", "plan", "check", "--plan", folder, *options],
        cwd=cwd,
        env={**environment, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_check_ends_with_0_1_or_2(write_plan: Write, tmp_path: Path):
    folder = write_plan({"events/signup.yaml": event("signup", is_used=False)})
    done = check("plan", tmp_path)
    assert done.returncode == 0, done.stderr
    first, last = done.stdout.splitlines()
    assert first.startswith("warning: plan/events/signup.yaml:3: purpose: nothing uses `signup`")
    assert last.startswith("plan shop, version 3: 1 event, 0 properties, hash ")
    assert last.endswith(": no mistakes, 1 warning")
    assert check("plan", tmp_path, "--strict").returncode == 1

    (folder / "sources.yaml").write_text("curency: EUR\n")
    (folder / "events/signup.yaml").write_text(event("signup", "role: x\n"))
    done = check("plan", tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    assert [line.split(" ")[0] for line in done.stdout.splitlines()] == [
        "plan/events/signup.yaml:7:",
        "plan/sources.yaml:1:",
        "2",
    ]

    done = check("plam", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("there is no plan in plam; ")


def test_check_for_machines_has_places_and_remedies(write_plan: Write, tmp_path: Path):
    folder = write_plan({"events/signup.yaml": event("signup", "rol: x\n")})
    found = json.loads(check("plan", tmp_path, "--json").stdout)
    assert found == {
        "plan": None,
        "hash": None,
        "mistakes": [
            {
                "file": "plan/events/signup.yaml",
                "line": 7,
                "message": "rol: unknown key",
                "remedy": "did you mean `role`?",
            }
        ],
        "warnings": [],
    }
    (folder / "events/signup.yaml").write_text(event("signup"))
    found = json.loads(check("plan", tmp_path, "--json").stdout)
    assert found["plan"] == {"name": "shop", "version": 3}
    assert len(found["hash"]) == 16


def test_check_loads_nothing_that_takes_long():
    listed = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, event_assets.cli, event_assets.plan_commands.checking as checking\n"
            "from datetime import date; from pathlib import Path\n"
            "checking.check_plan(Path('tracking_plan').absolute(), date.today())\n"
            "print(*sys.modules)",
        ],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert {"event_assets.plan.loader", "pyarrow"} <= set(listed)
    assert not {"dagster", "duckdb", "pandas", "dbt", "pyarrow.parquet"} & set(listed)
