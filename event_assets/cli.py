"""`event-assets`: the command line. Exit codes: 0 all well, 1 something failed, 2 wrong usage."""

from __future__ import annotations

import json
import os
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from event_assets.channels_command import channels_app
from event_assets.collect_command import collect
from event_assets.command_options import DataOption, JsonOption
from event_assets.errors import ConfigurationError, DiskError
from event_assets.plan_commands.app import plan_app
from event_assets.report_command import write_report
from event_assets.settings import (
    Settings,
    check_data_dir,
    check_plan_is_named,
    last_plan,
    load_settings,
    packaged_plan_dir,
)
from event_assets.worlds_command import scoreboard, simulate

if TYPE_CHECKING:
    from event_assets.landing import DaySpan

app = typer.Typer(
    name="event-assets",
    help="Marketing and product analytics from raw event logs.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(plan_app)
app.add_typer(channels_app)
app.command()(collect)
app.command("report")(write_report)
app.command()(simulate)
app.command()(scoreboard)

VerboseOption = Annotated[bool, typer.Option("--verbose", help="Show Dagster's and dbt's logs.")]


def main() -> None:
    """Run the command line; a mistake in configuration is one line and exit code 2.

    So is a full disk, with exit code 1.
    """
    try:
        app()
    except DiskError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        sys.exit(2)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"`{text}` is no day; write it as 2026-09-21") from None


def _span(text: str) -> DaySpan:
    from event_assets.landing import DaySpan, ReversedSpan

    try:
        return DaySpan.parse(text)
    except ReversedSpan as error:
        raise typer.BadParameter(f"{error}; swap them", param_hint="'--partition'") from None
    except ValueError:
        remedy = "write it as 2026-09-21, or several as 2026-09-01..2026-09-21"
        hint = "'--partition'"
        raise typer.BadParameter(f"`{text}` is no day; {remedy}", param_hint=hint) from None


def _settings(data: Path | None) -> Settings:
    if data is not None:
        os.environ["EVENT_ASSETS_DATA"] = str(data.absolute())
    settings = Settings.from_environment()
    check_plan_is_named(settings)
    return settings


@app.command()
def run(
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Build every table anew from the lake.")
    ] = False,
    partition: Annotated[
        str | None,
        typer.Option(
            "--partition",
            metavar="DAY|DAY..DAY",
            help="Read this landing day or these days, and judge again what was read before.",
        ),
    ] = None,
    as_of: Annotated[
        date | None,
        typer.Option(
            "--as-of", parser=_day, metavar="DAY", help="Repeat the report of a past day."
        ),
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Compare every file's bytes with what was loaded.")
    ] = False,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
    data: DataOption = None,
) -> None:
    """Read what is new, check it, build the models, publish.

    Ends with 0, or with 1 when a blocking check or a model failed or a day was not admitted.
    """
    from event_assets.console import shown_progress
    from event_assets.progress import report

    settings = _settings(data)
    span = None if partition is None else _span(partition)
    with shown_progress():
        report("Starting")
        from event_assets.run import RunOptions
        from event_assets.run_output import print_plan_change, print_report, quiet_run

        options = RunOptions(full_refresh, verify, span, as_of)
        before = last_plan(settings)
        done = quiet_run(settings, options, verbose=verbose)
    if as_json:
        print(json.dumps(done.as_json(), indent=1))
    else:
        print_report(settings, done)
        print_plan_change(settings, before["hash"] if before else None)
    raise typer.Exit(done.exit_code)


@app.command()
def demo(
    data: Annotated[Path, typer.Option("--data", help="A directory for sample logs.")] = Path(
        "demo_data"
    ),
    visitors: Annotated[int, typer.Option("--visitors", min=1, hidden=True)] = 3000,
    verbose: VerboseOption = False,
) -> None:
    """Write a month of a small shop's logs, run everything on them, say what was found."""
    from event_assets.console import shown_progress
    from event_assets.progress import report

    settings = load_settings(data, packaged_plan_dir(), None)
    with shown_progress():
        report("Writing sample logs")
        from event_assets.demo import print_summary, write_logs
        from event_assets.run import RunOptions
        from event_assets.run_output import print_failures, quiet_run

        write_logs(settings, visitors)
        done = quiet_run(settings, RunOptions(), verbose=verbose)
    if settings.analytics.is_file():
        print_summary(settings, done)
    print_failures(settings, done)
    raise typer.Exit(done.exit_code)


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="The new plan folder.")] = Path("tracking_plan"),
) -> None:
    """Write a starter tracking plan and sources.yaml, to be changed to your own events."""
    from event_assets.starter import write_starter_plan

    for line in write_starter_plan(folder):
        print(line)


@app.command()
def compact(
    before: Annotated[
        date | None,
        typer.Option(
            "--before",
            parser=_day,
            metavar="DAY",
            help="Merge the landing days before this one (default: all but a source's newest).",
        ),
    ] = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Merge the many small files that small loads left in the lake; tables do not change."""
    from event_assets.compact import compact as merge
    from event_assets.console import shown_progress

    settings = _settings(data)
    check_data_dir(settings)
    with shown_progress():
        done = merge(settings, before)
    print(json.dumps(done.as_json(), indent=1) if as_json else "\n".join(done.told()))
    raise typer.Exit(1 if done.problems else 0)


@app.command()
def doctor(data: DataOption = None) -> None:
    """Look at the lake, the warehouse and the lock; say what is wrong and what to do."""
    from event_assets.doctor import examine

    findings = examine(_settings(data))
    for finding in findings:
        print(f"{'ok ' if finding.is_well else '!! '} {finding.text}")
    raise typer.Exit(0 if all(finding.is_well for finding in findings) else 1)


@app.command()
def erase(
    user: Annotated[
        list[str] | None,
        typer.Option(
            "--user", metavar="ID", help="A user id of the person; several times for all."
        ),
    ] = None,
    anonymous: Annotated[
        list[str] | None,
        typer.Option("--anonymous", metavar="ID", help="The id of a device or cookie."),
    ] = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="Blank the lines of all who were erased in raw files too.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count what would be erased; change nothing.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="End an erasure that was interrupted.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data: DataOption = None,
) -> None:
    """Remove a person: events, quarantined records, tables; nothing read later brings them back.

    Raw files stay as they are without --raw. What the person sends from now on comes in.
    """
    from event_assets.console import shown_progress
    from event_assets.erase_command import erase as erase_all
    from event_assets.erasure import Asked

    asked = Asked(tuple(user or ()), tuple(anonymous or ()))
    if not (user or anonymous or resume or raw) or any(not each.strip() for each in asked.all):
        raise typer.BadParameter("say whom by --user ID or --anonymous ID")
    if resume and asked.all:
        raise typer.BadParameter(
            "--resume ends what was begun; erase others by a command of their own"
        )
    settings = _settings(data)
    check_data_dir(settings)
    if not (dry_run or yes or resume):
        erase_all(settings, asked, raw=raw, resume=False, is_dry=True)
        if not typer.confirm("Erase them for good?"):
            raise typer.Exit(1)
    with shown_progress():
        code = erase_all(settings, asked, raw=raw, resume=resume, is_dry=dry_run)
    raise typer.Exit(code)


@app.command()
def ui(
    data: DataOption = None,
    port: Annotated[int, typer.Option("--port", help="Where to listen.")] = 3000,
    host: Annotated[str, typer.Option("--host", help="On which address.")] = "127.0.0.1",
) -> None:
    """Open Dagster's user interface on the data directory."""
    from event_assets.dagster_home import dagster_home
    from event_assets.ui import serve

    settings = _settings(data)
    raise typer.Exit(serve(settings, dagster_home(settings), host, port))
