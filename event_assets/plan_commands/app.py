"""`event-assets plan …`: the tracking plan from the command line."""

from __future__ import annotations

import typer

from event_assets.plan_commands.check import add_check_commands
from event_assets.plan_commands.draft import add_draft_commands
from event_assets.plan_commands.exchange import add_exchange_commands
from event_assets.plan_commands.output import add_output_commands

plan_app = typer.Typer(
    name="plan",
    help="Write, check, compare, share and use the tracking plan.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
add_draft_commands(plan_app)
add_check_commands(plan_app)
add_exchange_commands(plan_app)
add_output_commands(plan_app)
