"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DataOption = Annotated[
    Path | None,
    typer.Option("--data", help="The data directory (default: EVENT_ASSETS_DATA, or ./data)."),
]
PlanOption = Annotated[
    Path | None,
    typer.Option(
        "--plan", help="The plan folder (default: EVENT_ASSETS_PLAN, or ./tracking_plan)."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
