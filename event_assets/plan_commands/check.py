"""`event-assets plan check`, `plan diff` and `plan compile`: is the plan right, and still itself?"""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Annotated

import typer

from event_assets.command_options import JsonOption, PlanOption
from event_assets.errors import ConfigurationError, shown_path


def add_check_commands(plan_app: typer.Typer) -> None:
    """Add `check`, `diff` and `compile`."""
    plan_app.command("check")(check)
    plan_app.command("diff")(diff)
    plan_app.command("compile")(compile_)


def check(
    plan: PlanOption = None,
    strict: Annotated[bool, typer.Option("--strict", help="End with 1 on warnings too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Tell every mistake in the plan folder, and warn of what looks like an oversight.

    Ends with 1 where there are mistakes, with 2 where there is no plan folder.
    """
    from datetime import date

    from event_assets.plan_commands.checking import check_plan
    from event_assets.settings import chosen_plan_dir

    found = check_plan(chosen_plan_dir(plan), date.today())
    if as_json:
        print(json.dumps(found.as_json(), indent=1))
    else:
        for mistake in found.mistakes:
            print(mistake)
        for warning in found.warnings:
            print(f"warning: {warning}")
        print(found.summary)
    raise typer.Exit(1 if found.mistakes or (strict and found.warnings) else 0)


def diff(
    base: Annotated[
        str | None,
        typer.Argument(
            help="A folder, or a git revision such as main or HEAD~1 "
            "(default: origin/main, or the commit before)."
        ),
    ] = None,
    plan: PlanOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell what changed in the plan since BASE: additive, breaking, or a note.

    Breaking is what may call an event unclean that was clean, or what changes what numbers mean.
    Ends with 1 where something is breaking and the plan's version is not raised, with 2 where there
    is no such BASE. sources.yaml is not compared.
    """
    from event_assets.plan_commands.comparing import compare_plans
    from event_assets.settings import chosen_plan_dir

    compared = compare_plans(base, chosen_plan_dir(plan))
    if as_json:
        print(json.dumps(compared.as_json(), indent=1))
    else:
        for line in compared.lines():
            print(line)
    raise typer.Exit(0 if compared.is_well else 1)


def compile_(
    plan: PlanOption = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", help="The data directory (default: EVENT_ASSETS_DATA, or ./data)."),
    ] = None,
    is_check: Annotated[
        bool, typer.Option("--check", help="Write nothing; end with 1 if something is not current.")
    ] = False,
) -> None:
    """Write what is made from the plan: tables for the models, and schemas for editors.

    The tables go into the data directory, if there is one: a run writes them as well. The schemas go
    into the plan folder, schema/*.json, to be committed: editors complete and check event files by
    them.
    """
    from event_assets.plan_commands.compiling import compile_plan
    from event_assets.settings import Settings

    if data is not None and not data.is_dir():
        message = f"there is no data directory {shown_path(data)}"
        raise ConfigurationError(message, remedy="create it, or leave --data out")
    settings = Settings.from_environment(data_dir=data, plan_dir=plan)
    compiled = compile_plan(settings, is_check=is_check)
    for line in compiled.lines(is_check=is_check):
        print(line)
    if is_check and compiled.changed:
        named = {"--plan": plan, "--data": data}
        options = [f" {key} {shlex.quote(str(path))}" for key, path in named.items() if path]
        print(f"next: event-assets plan compile{''.join(options)}")
        raise typer.Exit(1)
