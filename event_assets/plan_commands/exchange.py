"""`event-assets plan import` and `plan export`: plans from and for other tools."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from event_assets.command_options import PlanOption
from event_assets.plan_commands.draft import OwnerOption, next_check, own_plan_folder


def add_exchange_commands(plan_app: typer.Typer) -> None:
    """Add `import` and `export`."""
    plan_app.command("import")(import_)
    plan_app.command("export")(export)


def import_(
    file: Annotated[
        Path, typer.Argument(help="The other plan, as JSON or YAML, or a folder of JSON Schemas.")
    ],
    format_name: Annotated[
        str | None,
        typer.Option(
            "--format", help="segment, rudderstack or json-schema (default: by its shape)."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="The plan folder; to one that is there, only events that it lacks are added "
            "(default: EVENT_ASSETS_PLAN, or ./tracking_plan).",
        ),
    ] = None,
    owner: OwnerOption = None,
    sent_by: Annotated[
        list[str] | None,
        typer.Option("--sent-by", help="Who sends events that do not say it themselves."),
    ] = None,
) -> None:
    """Write the events of another tool's plan into a plan folder; say what was left out.

    Exits with 1 if events cannot be taken, while the others are written.
    """
    from event_assets.plan_commands.exchanging import import_plan

    folder = own_plan_folder(out)
    done = import_plan(file, format_name, folder, owner, sent_by or ())
    for line in done.lines:
        print(line)
    print(next_check(folder))
    if done.refused:
        raise typer.Exit(1)


def export(
    format_name: Annotated[
        str, typer.Option("--format", help="segment, rudderstack or json-schema.")
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", help="The file, or the folder of JSON Schemas (default: print it)."),
    ] = None,
    plan: PlanOption = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Write over files that are there.")
    ] = False,
) -> None:
    """Write the plan for another tool; say what it has no place for."""
    from event_assets.plan_commands.exchanging import export_plan
    from event_assets.settings import Settings

    folder = plan or Settings.from_environment().plan_dir
    done = export_plan(folder, format_name, out, replace=replace)
    if done.document is not None:
        sys.stdout.write(done.document)
    for line in done.lines:
        print(line, file=sys.stderr if done.document is not None else sys.stdout)
