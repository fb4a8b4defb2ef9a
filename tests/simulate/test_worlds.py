"""Worlds: the same by their seed, their truth that of switching a channel off, chances left alone by it."""

import csv
import io
import json
from collections import Counter
from itertools import chain
from math import exp
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from event_assets.errors import ConfigurationError
from event_assets.plan.loader import load_plan
from event_assets.plan.verdicts import Judge
from event_assets.settings import load_settings
from event_assets.simulate.worlds.draws import Draws
from event_assets.simulate.worlds.life import Life, live
from event_assets.simulate.worlds.logs import experiment_name, log_contents
from event_assets.simulate.worlds.reports import report_contents
from event_assets.simulate.worlds.truth import true_effects
from event_assets.simulate.worlds.world import World, WorldChannel, load_world, world_names
from event_assets.simulate.worlds.write import read_truth, write_world

SHOP_PLAN = Path(__file__).parents[2] / "tracking_plan"


def small(name: str, people: int = 300, days: int = 40, **changed: Any) -> World:
    return load_world(name).model_copy(update={"people": people, "days": days, **changed})


def logs(world: World, life: Life) -> dict[str, bytes]:
    draws = Draws.of(world)
    return dict(chain(log_contents(world, draws, life), report_contents(world, draws, life)))


def sent(contents: dict[str, bytes], source: str) -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for path, text in contents.items()
        if path.startswith(source)
        for line in text.splitlines()
    ]


def orders(contents: dict[str, bytes]) -> dict[tuple[str, str], float]:
    """What was paid by whom on which day, by the server's log."""
    bought = [each for each in sent(contents, "server") if each["event_type"] == "purchase"]
    found = {
        (each["user_id"], each["timestamp"][:10]): each["metadata"]["amount"] for each in bought
    }
    assert len(found) == len({each["metadata"]["order_id"] for each in bought}) == len(bought)
    return found


@pytest.mark.parametrize("name", world_names())
def test_a_world_is_the_same_each_time_and_another_by_another_seed(
    name: str, tmp_path: Path
) -> None:
    world = small(name, people=60)
    for folder in ("one", "two"):
        write_world(world, tmp_path / folder, SHOP_PLAN)
    files = {
        folder: {
            path.relative_to(tmp_path / folder): path.read_bytes()
            for path in (tmp_path / folder).rglob("*")
            if path.is_file()
        }
        for folder in ("one", "two")
    }
    assert files["one"] == files["two"]
    other = world.model_copy(update={"seed": 1})
    assert logs(other, live(other, Draws.of(other))).values() != logs(
        world, live(world, Draws.of(world))
    )
    with pytest.raises(FileExistsError):
        write_world(other, tmp_path / "one", SHOP_PLAN)


@pytest.mark.parametrize("name", ["harvest", "retargeting"])
def test_the_truth_is_what_the_server_s_log_lacks_when_a_channel_is_off(
    name: str, tmp_path: Path
) -> None:
    world = small(name, people=600, orders=0.02)
    truth = write_world(world, tmp_path, SHOP_PLAN)
    assert read_truth(tmp_path) == truth
    draws = Draws.of(world)
    with_all = orders(logs(world, live(world, draws)))
    assert truth.orders == len(with_all)
    brought = {
        channel: len(with_all) - len(orders(logs(world, live(world, draws, off=[channel]))))
        for channel in world.channels
    }
    assert {channel: each.orders for channel, each in truth.channels.items()} == brought
    assert max(brought.values()) > 5


def test_the_lift_of_an_experiment_is_that_of_its_treated_people() -> None:
    world = small("fair", orders=0.01)
    draws = Draws.of(world)
    truth = true_effects(world, draws, live(world, draws))
    # the last day comes after the end of the experiments
    (last,) = {str(world.start.fromordinal(world.start.toordinal() + world.days - 1))}
    for name, channel in world.channels.items():
        contents = logs(world, live(world, draws))
        treated = {
            each["user_id"]
            for each in sent(contents, "server")
            if each["event_type"] == "experiment_assigned"
            and each["metadata"] == {"experiment": experiment_name(name), "arm": "treated"}
        }
        if not channel.holdout:
            assert (treated, truth.channels[name].lift) == (set(), None)
            continue
        shares = [
            len({user for user, day in orders(found) if user in treated and day < last})
            for found in (contents, logs(world, live(world, draws, off=[name])))
        ]
        lift = (shares[0] - shares[1]) / len(treated)
        assert truth.channels[name].lift == pytest.approx(lift)


def test_switching_off_a_channel_without_effect_changes_no_order() -> None:
    for name, channel in (("harvest", "Affiliates"), ("placebo", "Paid Search")):
        world = small(name, orders=0.02)
        draws = Draws.of(world)
        with_all, without = live(world, draws), live(world, draws, off=[channel])
        assert orders(logs(world, with_all)) == orders(logs(world, without))
        place = world.names.index(channel)
        assert with_all.clicked[:, :, place].any()
        assert (with_all.captured_by == place).any()
        assert not without.shown[:, :, place].any()
        assert not (without.captured_by == place).any()


def test_switching_off_a_channel_only_takes_orders_away() -> None:
    world = small("retargeting", orders=0.02)
    draws = Draws.of(world)
    with_all = live(world, draws).bought
    for channel in world.channels:
        assert not (live(world, draws, off=[channel]).bought & ~with_all).any()


def test_who_is_held_out_never_meets_the_channel() -> None:
    world = small("harvest", people=600)
    life = live(world, Draws.of(world))
    for place, channel in enumerate(world.channels.values()):
        held_out = life.is_control[:, place]
        assert held_out.mean() == pytest.approx(channel.holdout, abs=0.06)
        assert not life.shown[:, held_out, place].any()
        assert not (life.captured_by[:, held_out] == place).any()


def plain_life(world: World, draws: Draws, off: set[str]) -> dict[str, set[tuple[int, ...]]]:
    """The same rules person by person in plain Python."""
    shown, clicked, bought, captured = set(), set(), set(), set()
    for person in range(world.people):
        demand = float(draws.demand[person])
        memory = dict.fromkeys(world.channels, 0.0)
        last_visit = None
        for day in range(world.days):
            came = draws.visited[day, person] < world.visits * demand
            hazard = world.orders
            ends = 0.0
            for place, (name, channel) in enumerate(world.channels.items()):
                is_on = name not in off and draws.arm[person, place] >= channel.holdout
                reach = channel.reach * demand**channel.targeting
                follows = last_visit is not None and day - last_visit <= 14
                memory[name] *= 0.5 ** (1 / channel.half_life_days)
                if (
                    is_on
                    and draws.reached[person, place] < reach
                    and draws.shown[day, person, place] < channel.shown
                    and (follows or not channel.only_after_visit)
                ):
                    shown.add((day, person, place))
                    memory[name] += 1
                    if draws.clicked[day, person, place] < channel.clicked:
                        clicked.add((day, person, place))
                        came = True
                hazard += memory[name] * channel.effect
            if draws.bought[day, person] < 1 - exp(-demand * hazard):
                bought.add((day, person))
                came = True
                for place, (name, channel) in enumerate(world.channels.items()):
                    begins, ends = ends, ends + channel.captures
                    is_on = name not in off and draws.arm[person, place] >= channel.holdout
                    if is_on and begins <= draws.captured[day, person] < ends:
                        captured.add((day, person, place))
            if came:
                last_visit = day
    return {"shown": shown, "clicked": clicked, "bought": bought, "captured": captured}


@pytest.mark.parametrize(("name", "off"), [("harvest", set()), ("retargeting", {"Email"})])
def test_people_live_by_the_rules_of_the_world(name: str, off: set[str]) -> None:
    world = small(name, people=120, orders=0.02)
    draws = Draws.of(world)
    life = live(world, draws, off)
    expected = plain_life(world, draws, off)
    for what in ("shown", "clicked", "bought"):
        assert set(map(tuple, np.argwhere(getattr(life, what)).tolist())) == expected[what]
        assert expected[what]
    days, people = np.nonzero(life.captured_by >= 0)
    places = life.captured_by[days, people]
    found = set(zip(days.tolist(), people.tolist(), places.tolist(), strict=True))
    assert found == expected["captured"] != set()


def plain_claims(world: World, life: Life) -> Counter[tuple[str, int]]:
    """Orders claimed by channel and day: order by order, each platform looks back."""
    claimed: Counter[tuple[str, int]] = Counter()
    by_platform: dict[str, list[tuple[int, str, WorldChannel]]] = {}
    for place, (name, channel) in enumerate(world.channels.items()):
        if channel.platform:
            by_platform.setdefault(channel.platform, []).append((place, name, channel))
    for day, person in np.argwhere(life.bought).tolist():
        for mine in by_platform.values():
            rule = mine[0][2]
            clicks = [
                (-before, place, name)
                for before in range(min(rule.claim_days, day) + 1)
                for place, name, _ in mine
                if life.clicked[day - before, person, place]
                or life.captured_by[day - before, person] == place
            ]
            views = [
                (-before, place, name)
                for before in range(min(rule.view_days, day) + 1)
                for place, name, _ in mine
                if life.shown[day - before, person, place]
            ]
            if clicks or views:
                # the latest; of one day's the channel that stands first
                _, _, name = max(clicks or views, key=lambda each: (each[0], -each[1]))
                claimed[name, day] += 1
    return claimed


def test_platforms_claim_what_follows_a_click_or_an_ad_of_theirs() -> None:
    world = small("retargeting", orders=0.02)
    life = live(world, Draws.of(world))
    found: Counter[tuple[str, int]] = Counter()
    for path, text in logs(world, life).items():
        if path.startswith("ad_platforms"):
            for row in csv.DictReader(io.StringIO(text.decode())):
                day = (world.start.fromisoformat(row["date"]) - world.start).days
                found[row["channel"], day] += int(float(row["claimed_conversions"]))
    assert +found == plain_claims(world, life)
    assert sum(found.values()) > life.bought.sum() / 2


MISTAKES = {
    "an unknown key": (
        "  orders: 1\n",
        "ordres: 1\n",
        "ordres: unknown key; did you mean `orders`?",
    ),
    "a channel that has no way in": (
        "Email:",
        "Mail:",
        "channels: `Mail` has no way in; there are: Paid Search, Paid Social, Display, Email, Affiliates",
    ),
    "no people": ("people: 5", "people: 0", "people: Input should be greater than or equal to 1"),
    "more than all are captured": (
        "clicked: 0.2",
        "clicked: 0.2, captures: 1.5",
        "channels.Email.captures: Input should be less than or equal to 1",
    ),
}
WRITTEN = "description: d\nseed: 1\npeople: 5\nchannels:\n  Email: {shown: 0.1, clicked: 0.2}\n"


@pytest.mark.parametrize(("old", "new", "expected"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_in_a_world_is_told_with_its_line(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(WRITTEN.replace(old, new) if old in WRITTEN else WRITTEN + new)
    with pytest.raises(ConfigurationError) as caught:
        load_world(str(path))
    assert str(caught.value).partition(": ")[2] == expected


def test_a_world_that_there_is_not_is_told_with_those_that_there_are() -> None:
    with pytest.raises(ConfigurationError, match="no world `harvst`; did you mean `harvest`"):
        load_world("harvst")


@pytest.mark.parametrize("name", world_names())
def test_a_world_sends_what_its_plan_plans_and_its_experiments_are_of_its_own_days(
    name: str, tmp_path: Path
) -> None:
    world = small(name)
    write_world(world, tmp_path, SHOP_PLAN)
    plan = load_plan(tmp_path / "plan")
    judge = Judge(plan.verdict_document())
    contents = {
        path.relative_to(tmp_path / "raw").as_posix(): path.read_bytes()
        for path in (tmp_path / "raw").rglob("*.*")
    }
    kinds: set[tuple[str, str]] = set()
    for source in ("client", "mobile", "server"):
        for line in sent(contents, source):
            properties = line.get("metadata" if source == "server" else "properties")
            assert judge.judge(line["event_type"], properties) is None
            kinds.add((source, line["event_type"]))
    assert all(source in plan.events[event].sent_by for source, event in kinds)
    assert {("client", "purchase"), ("mobile", "app_open"), ("server", "purchase")} <= kinds
    held_out = [channel for channel, each in world.channels.items() if each.holdout]
    assert [each.channel for each in plan.experiments.values()] == held_out
    for experiment in plan.experiments.values():
        assert (experiment.starts, experiment.ends) == (world.start, world.start)
        assert experiment.window.days == world.days - 1
    settings = load_settings(tmp_path, tmp_path / "plan", None)
    assert settings.config.attribution.lookback_days == (world.lookback_days,)
