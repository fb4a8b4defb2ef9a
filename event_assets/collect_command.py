"""`event-assets collect`: take events over HTTP, and show what they are worth by the plan."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from event_assets.command_options import DataOption, PlanOption
from event_assets.errors import ConfigurationError, shown_path
from event_assets.settings import Settings, check_plan_is_named


def collect(
    host: Annotated[str, typer.Option("--host", help="On which address.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65_535, help="Where to listen; 0 for any free one.")
    ] = 8787,
    watch: Annotated[
        bool,
        typer.Option(
            "--watch", help="Show each event's verdict as it arrives, and what is still missing."
        ),
    ] = False,
    config: Annotated[
        Path | None,
        typer.Option("--config", help="The settings (default: collector.yaml in the plan folder)."),
    ] = None,
    data: DataOption = None,
    plan: PlanOption = None,
) -> None:
    """Take events from browsers, apps and servers over HTTP, until it is interrupted.

    An answer of 200 means that the events are on the disk.
    """
    from event_assets.capture.collector import Collector
    from event_assets.capture.collector_config import load_config
    from event_assets.capture.serving import bound, serve
    from event_assets.capture.watching import Watch
    from event_assets.plan.loader import load_plan

    if data is not None:
        os.environ["EVENT_ASSETS_DATA"] = str(data.absolute())
    settings = Settings.from_environment(plan_dir=plan)
    if plan is None:
        check_plan_is_named(settings)
    collector_config = load_config(settings, config)
    _check_writable(settings.data_dir)
    listening = bound(host, port)
    watching = None
    if watch:
        watching = Watch(settings, load_plan(settings.plan_dir), _say)
    collector = Collector(settings, collector_config, watching.stored if watching else None)
    shown = f"[{host}]" if ":" in host else host
    raw = shown_path(settings.data_dir / "raw" / collector_config.source)
    _say(f"collecting on http://{shown}:{listening.getsockname()[1]}/collect into {raw}")
    is_served = serve(collector, listening, collector_config.limits.seconds)
    if watching is not None:
        watching.close()
    raise typer.Exit(0 if is_served else 1)


def _say(line: str) -> None:
    print(line, flush=True)


def _check_writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"the data directory cannot be made ({error.strerror})",
            file=folder,
            remedy="name another by --data",
        ) from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ConfigurationError(
            "the data directory cannot be written to",
            file=folder,
            remedy="give this user the right to, or name another by --data",
        )
