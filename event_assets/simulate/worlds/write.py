"""A world as a folder: raw logs, the plan that reads them, and what is true of it."""

from __future__ import annotations

import json
import shutil
from itertools import chain
from pathlib import Path

from event_assets.simulate.files import write_all
from event_assets.simulate.worlds.draws import Draws
from event_assets.simulate.worlds.life import live
from event_assets.simulate.worlds.logs import experiment_name, log_contents
from event_assets.simulate.worlds.reports import report_contents
from event_assets.simulate.worlds.truth import WorldTruth, true_effects
from event_assets.simulate.worlds.world import World

PLAN, TRUTH = "plan", "truth.json"


def write_world(world: World, folder: Path, shop_plan: Path) -> WorldTruth:
    """Write `raw/`, `plan/` (the shop's, with the world's experiments) and `truth.json` below a folder.

    The bytes depend on the world alone; what is there with the same bytes is left alone. Raises
    FileExistsError where `raw/` holds other logs: nothing is written then.
    """
    draws = Draws.of(world)
    life = live(world, draws)
    contents = dict(chain(log_contents(world, draws, life), report_contents(world, draws, life)))
    write_all(folder / "raw", contents, sorted({path.partition("/")[0] for path in contents}))
    _write_plan(world, folder / PLAN, shop_plan)
    truth = true_effects(world, draws, life)
    (folder / TRUTH).write_text(json.dumps(truth.as_json(), indent=1) + "\n")
    return truth


def read_truth(folder: Path) -> WorldTruth:
    """What `write_world` wrote of a folder's world."""
    return WorldTruth.from_json(json.loads((folder / TRUTH).read_text()))


def _write_plan(world: World, folder: Path, shop_plan: Path) -> None:
    shutil.copytree(shop_plan, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".*"))
    experiments = {
        experiment_name(name): {
            "channel": name,
            "conversion": "purchase",
            "assigned_by": {
                "event": "experiment_assigned",
                "where": {"experiment": experiment_name(name)},
                "arm": "arm",
            },
            "treated_share": 1 - channel.holdout,
            # until the morning of the last day, so that it is over when the logs end
            "window": f"{world.days - 1} days",
            "starts": world.start.isoformat(),
            "ends": world.start.isoformat(),
        }
        for name, channel in world.channels.items()
        if channel.holdout
    }
    # JSON is YAML, too
    written = json.dumps({"experiments": experiments}, indent=1)
    (folder / "experiments.yaml").write_text(written + "\n")
    sources = (shop_plan / "sources.yaml").read_text()
    lookback = f"attribution: {{lookback_days: [{world.lookback_days}]}}\n"
    (folder / "sources.yaml").write_text(sources + lookback)
