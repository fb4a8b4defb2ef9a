"""`event-assets simulate` and `scoreboard`: worlds in which the truth is known."""

from __future__ import annotations

import json
import tempfile
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from event_assets.command_options import JsonOption
from event_assets.errors import ConfigurationError, shown_path
from event_assets.settings import packaged_plan_dir

if TYPE_CHECKING:
    from event_assets.simulate.worlds.world import World

PeopleOption = Annotated[
    int | None, typer.Option("--people", min=1, help="Fewer or more people than the world says.")
]
_NAMES = "fair, harvest, placebo, retargeting, or the path of a file like theirs"


def simulate(
    world: Annotated[str, typer.Option("--world", help=f"Which world: {_NAMES}.")],
    out: Annotated[Path, typer.Option("--out", help="A folder for its logs, plan and truth.")],
    people: PeopleOption = None,
) -> None:
    """Write the raw logs of a world in which it is known what each channel brings.

    Browsers, apps, the server with its experiments, ad platforms with their claims; and truth.json.
    """
    from event_assets.simulate.worlds.write import PLAN, TRUTH, write_world

    try:
        truth = write_world(_world(world, people), out, packaged_plan_dir())
    except FileExistsError as error:
        raise ConfigurationError(str(error), remedy="name another folder by --out") from None
    print(f"{truth.orders:,} orders; without a channel there would have been fewer:")
    for name, channel in truth.channels.items():
        print(f"  {name:<14}{channel.orders:>7,}")
    folder = shown_path(out)
    print(f"the truth is in {folder}/{TRUTH}; what the models make of the logs:")
    print(f"EVENT_ASSETS_PLAN={folder}/{PLAN} event-assets run --data {folder}")


def scoreboard(
    world: Annotated[
        list[str] | None,
        typer.Option("--world", help=f"Which worlds, all if none is named: {_NAMES}."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Keep logs and tables there, a folder a world.")
    ] = None,
    people: PeopleOption = None,
    as_json: JsonOption = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Show Dagster's and dbt's logs.")
    ] = False,
) -> None:
    """Run everything on worlds in which the truth is known; say how wrong models and platforms are."""
    from event_assets.console import shown_progress
    from event_assets.scoreboard.board import score_world
    from event_assets.scoreboard.printed import print_scoreboard
    from event_assets.simulate.worlds.world import world_names

    worlds = {Path(name).stem: _world(name, people) for name in world or world_names()}
    with (
        nullcontext(out) if out is not None else tempfile.TemporaryDirectory() as folder,
        shown_progress(),
    ):
        found = [
            score_world(name, each, Path(folder) / name, verbose=verbose)
            for name, each in worlds.items()
        ]
    if as_json:
        print(json.dumps([each.as_json() for each in found], indent=1))
    else:
        print_scoreboard(found)


def _world(name: str, people: int | None) -> World:
    # loaded here: numpy takes its time, and other commands do without
    from event_assets.simulate.worlds.world import load_world

    world = load_world(name)
    return world if people is None else world.model_copy(update={"people": people})
