"""`event-assets plan new` and `plan infer`: commands that draft what people then complete."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Annotated

import typer

from event_assets.command_options import PlanOption
from event_assets.errors import ConfigurationError, shown_path

OwnerOption = Annotated[
    str | None,
    typer.Option("--owner", help="Who answers for it: an e-mail address or team:name."),
]
_DEFAULT_FOLDER = "tracking_plan"


def add_draft_commands(plan_app: typer.Typer) -> None:
    """Add `new` and `infer`."""
    plan_app.command("new")(new)
    plan_app.command("infer")(infer)


def own_plan_folder(named: Path | None) -> Path:
    """The plan folder to write to: never that of the package."""
    return named or Path(os.environ.get("EVENT_ASSETS_PLAN") or _DEFAULT_FOLDER)


def next_check(folder: Path) -> str:
    """The command that checks a plan folder, as it stands to be typed."""
    is_default = folder == own_plan_folder(None)
    named = "" if is_default else f" --plan {shlex.quote(shown_path(folder))}"
    return f"next: event-assets plan check{named}"


def new(
    event: Annotated[str, typer.Argument(help="The event's name.")],
    description: Annotated[
        str | None, typer.Option("--description", help="What has happened when it is sent.")
    ] = None,
    purpose: Annotated[
        str | None, typer.Option("--purpose", help="Which question it answers.")
    ] = None,
    owner: OwnerOption = None,
    sent_by: Annotated[
        list[str] | None,
        typer.Option("--sent-by", help="client, server or mobile; several times if several do."),
    ] = None,
    properties: Annotated[
        list[str] | None,
        typer.Option(
            "--property", metavar="NAME:TYPE[!]", help="A property, with ! if it is required."
        ),
    ] = None,
    plan: PlanOption = None,
) -> None:
    """Write the file of a new event; what is not said by options is asked for in the file."""
    from event_assets.plan.drafting.drafts import drafted, properties_from, same_name, similar_name
    from event_assets.plan.drafting.trial import check_events
    from event_assets.plan.drafting.writing import write_event
    from event_assets.plan.loader import load_plan

    folder = own_plan_folder(plan)
    if not (folder / "plan.yaml").is_file():
        raise ConfigurationError(
            f"there is no plan in {shown_path(folder)}",
            remedy="name its folder with --plan, or write one with `event-assets init`",
        )
    known = load_plan(folder).events
    same = same_name(event, known)
    if same is not None and same != event:
        raise ConfigurationError(
            f"the plan has `{same}` already, in other characters of unicode that look the same",
            remedy="send that one",
        )
    given = {
        "event": event,
        "description": description,
        "purpose": purpose,
        "owner": owner,
        "sent_by": sent_by,
        "properties": properties_from(properties or []),
    }
    written, missing = drafted({key: value for key, value in given.items() if value})
    if same is None:
        check_events([written], folder=folder)
    path = write_event(folder, written)
    print(f"wrote {shown_path(path)}" + (" as a draft" if missing else ""))
    if missing:
        print(f"fill in {', '.join(missing)} there, and take `status: draft` out")
    alike = similar_name(event, known)
    if alike is not None:
        print(
            f"note: the plan has `{alike}` already; if it means the same, remove the new file "
            "and send that one"
        )
    print(next_check(folder))


def infer(
    logs: Annotated[
        list[Path], typer.Argument(help="Log files, plain or .gz, or folders of them.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="The plan folder; to one that is there, only events that it lacks are added "
            "(default: EVENT_ASSETS_PLAN, or ./tracking_plan).",
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option("--source", help="Read the logs as this source of sources.yaml is read."),
    ] = None,
    kind: Annotated[
        str | None, typer.Option("--kind", help="Who sent them: client, server or mobile.")
    ] = None,
    required_share: Annotated[
        float,
        typer.Option(
            "--required-share",
            min=0.5,
            max=1,
            help="Share of events from which on a property is required, and what is rarer than "
            "the rest is a mistake.",
        ),
    ] = 0.995,
    owner: OwnerOption = None,
) -> None:
    """Draft a plan from logs: events, types, what is required, lists of words, formats.

    Examples and lists hold nothing that smells of a person; look through the drafts all the same.
    """
    from event_assets.plan_commands.drafting import draft_from_logs

    folder = own_plan_folder(out)
    drafted = draft_from_logs(logs, folder, source, kind, required_share, owner)
    for line in drafted:
        print(line)
    print(next_check(folder))
