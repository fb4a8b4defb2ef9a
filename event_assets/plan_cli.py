"""`event-assets plan …`: the tracking plan from the command line."""

from __future__ import annotations

import typer

plan_app = typer.Typer(
    name="plan",
    help="Write, check, compare, share and use the tracking plan.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
