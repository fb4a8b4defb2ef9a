"""`event-assets report`: the published tables as a page to look at."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from event_assets.command_options import DataOption
from event_assets.errors import shown_path
from event_assets.settings import Settings


def write_report(
    out: Annotated[
        Path | None,
        typer.Option("--out", help="The page (default: report.html in the data directory)."),
    ] = None,
    lookback: Annotated[
        int | None,
        typer.Option("--lookback", min=1, help="Days before a conversion in which touches count."),
    ] = None,
    data: DataOption = None,
) -> None:
    """Write what was found as one HTML page: funnels, drop-off, retention; channels beside the claims."""
    from event_assets.report.page import report_page
    from event_assets.storage import write_whole

    if data is not None:
        os.environ["EVENT_ASSETS_DATA"] = str(data.absolute())
    settings = Settings.from_environment()
    page = out or settings.data_dir / "report.html"
    write_whole(page, report_page(settings.analytics, lookback).encode())
    print(f"wrote {shown_path(page)}")
