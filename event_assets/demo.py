"""The demo: sample logs of a small shop, and what was found in them."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

from event_assets.demo_trackers import generated_server_line
from event_assets.errors import ConfigurationError, shown_path
from event_assets.run_report import RunReport
from event_assets.settings import Settings
from event_assets.simulate.shop import write_shop_logs

_LOOKBACK_DAYS = 30
_MODELS = ("first", "last", "linear")


def write_logs(settings: Settings, visitors: int) -> None:
    """Write the sample logs; the same ones again change nothing.

    Raises ConfigurationError where the directory holds other logs.
    """
    others = _other_logs(settings)
    if others:
        raise _mixed(settings, others[0])
    try:
        with generated_server_line(settings) as server_line:
            write_shop_logs(settings.data_dir, visitors=visitors, server_line=server_line)
    except FileExistsError as error:
        raise _mixed(settings, str(error)) from None


def _other_logs(settings: Settings) -> list[str]:
    """Folders of logs, raw or read, that are none of the shop's."""
    own = {source.name for source in settings.config.sources}
    folders = (settings.data_dir / "raw", settings.local_lake / "loads")
    return [
        shown_path(path)
        for folder in folders
        if folder.is_dir()
        for path in sorted(folder.iterdir())
        if path.name not in own
    ]


def _mixed(settings: Settings, what: str) -> ConfigurationError:
    return ConfigurationError(
        f"{shown_path(settings.data_dir)} holds other logs ({what})",
        remedy="the demo does not mix with them: name another directory by --data",
    )


def print_summary(settings: Settings, done: RunReport) -> None:
    """What was found, and where to look further. Reads the published file alone."""
    console = Console(highlight=False, width=None if Console().is_terminal else 100)
    with _published(settings) as connection:
        for part in (_events, _sessions, _funnel, _channels, _platforms, _experiments):
            for shown in part(connection):
                console.print(shown)
    analytics = shown_path(settings.analytics)
    passed = sum(check.passed for check in done.checks)
    console.print(f"\n[bold]Checks[/bold] {passed} of {len(done.checks)} pass")
    for check in done.checks:
        if not check.passed and not check.fails_run:
            console.print(f"  warns: {check.asset} {check.check}: {check.message}", markup=False)
    python = shown_path(Path(sys.executable))
    query = (
        f"import duckdb; print(duckdb.connect('{analytics}', read_only=True)"
        ".sql('from marts.sessions limit 5'))"
    )
    console.print("\n[bold]Go on[/bold]")
    for command, purpose in (
        (f"{python} -m event_assets ui --data {shown_path(settings.data_dir)}", "Dagster's pages"),
        (
            f"{python} -m event_assets report --data {shown_path(settings.data_dir)}",
            "a page with pictures",
        ),
        (f'{python} -c "{query}"', "the published tables"),
        (f"{python} -m event_assets init my_plan", "a tracking plan of your own"),
    ):
        console.print(f"# {purpose}\n{command}", markup=False, soft_wrap=True)


@contextmanager
def _published(settings: Settings) -> Generator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(settings.analytics), read_only=True) as connection:
        connection.execute("use marts")
        yield connection


def _events(connection: duckdb.DuckDBPyConnection) -> Iterator[object]:
    table = Table("source", "files", "lines", "blank", "events", "duplicates", "quarantined")
    rows = connection.execute(
        "select source, count(*), sum(lines), sum(blank), sum(accepted), sum(duplicates), sum(quarantined)"
        " from ingest_files group by source order by source"
    ).fetchall()
    yield _filled(table, "What came in", rows)
    reasons = connection.execute(
        "select violation, coalesce(event, '(no event)'), sum(events),"
        " min(sample_file), min_by(sample_line, sample_file)"
        " from tracking_violations group by all order by 3 desc, 1, 2 limit 8"
    ).fetchall()
    table = Table("violation", "event", "records", "for example")
    yield _filled(
        table,
        "What violates the tracking plan",
        [(why, event, count, f"{file}:{line}") for why, event, count, file, line in reasons],
    )


def _sessions(connection: duckdb.DuckDBPyConnection) -> Iterator[object]:
    row = connection.execute(
        "select count(*) filter (not is_bot), count(distinct person_id) filter (not is_bot),"
        " coalesce(avg(is_engaged::int) filter (not is_bot), 0), count(*) filter (is_bot)"
        " from sessions"
    ).fetchone()
    assert row is not None
    sessions, persons, engaged, bots = row
    yield (
        f"\n[bold]Sessions[/bold] {sessions:,} of {persons:,} persons, {engaged:.0%} engaged;"
        f" {bots:,} more by bots"
    )


def _funnel(connection: duckdb.DuckDBPyConnection) -> Iterator[object]:
    rows = connection.execute(
        "select funnel, step, event, persons, conversion_from_first, conversion_from_previous"
        " from funnels where entry_date is null and breakdown is null and semantics = 'ordered'"
        " order by funnel, step"
    ).fetchall()
    table = Table("funnel", "step", "event", "persons", "of the first", "of the one before")
    yield _filled(
        table,
        "Funnel",
        [(*row[:4], _percent(row[4]), _percent(row[5])) for row in rows],
    )


def _channels(connection: duckdb.DuckDBPyConnection) -> Iterator[object]:
    rows = connection.execute(
        "select conversion, channel,"
        + ", ".join(f"sum(credit) filter (model = '{model}')" for model in _MODELS)
        + ", sum(revenue) filter (model = 'linear')"
        " from attribution_credits where lookback_days = ?"
        " group by all order by conversion, 5 desc nulls last, channel",
        [_LOOKBACK_DAYS],
    ).fetchall()
    table = Table("conversion", "channel", *_MODELS, "revenue (linear)")
    yield _filled(table, f"Conversions by channel, {_LOOKBACK_DAYS} days back", rows)


def _platforms(connection: duckdb.DuckDBPyConnection) -> Iterator[object]:
    rows = connection.execute(
        "select platform, any_value(spend), sum(claimed) filter (model = 'linear'),"
        " sum(verifiable) filter (model = 'linear'), "
        + ", ".join(f"sum(attributed) filter (model = '{model}')" for model in _MODELS)
        + " from claimed_vs_attributed"
        " left join (select platform, sum(spend) as spend from ad_spend group by platform)"
        " using (platform)"
        " where lookback_days = ? group by platform order by 3 desc",
        [_LOOKBACK_DAYS],
    ).fetchall()
    table = Table("platform", "spend", "claims", "verifiable", *_MODELS)
    yield _filled(table, "What the ad platforms claim beside what they get", rows)
    row = connection.execute(
        "select sum(claimed) filter (model = 'linear' and lookback_days = ?) from"
        " claimed_vs_attributed",
        [_LOOKBACK_DAYS],
    ).fetchone()
    conversions = connection.execute(
        "select count(*) from conversions where not is_bot and value is not null"
    ).fetchone()
    if row and conversions and row[0]:
        yield (
            f"Together they claim {row[0]:,.0f} conversions; {conversions[0]:,} with a value were"
            " made at all."
        )


def _experiments(connection: duckdb.DuckDBPyConnection) -> Iterator[object]:
    rows = connection.execute(
        "select experiment, treated, control, lift, lower, upper, mde, verdict"
        " from incrementality_estimates order by experiment"
    ).fetchall()
    names = ("experiment", "treated", "control", "lift", "95 % interval", "detectable")
    table = Table(*names, "verdict")
    yield _filled(
        table,
        "What experiments show; other channels are not measured",
        [
            (
                *row[:3],
                _percent(row[3]),
                f"{_percent(row[4])} – {_percent(row[5])}",
                *(_percent(row[6]), row[7]),
            )
            for row in rows
        ],
    )


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


def _filled(table: Table, title: str, rows: Sequence[Sequence[object]]) -> Table:
    table.title = f"\n[bold]{title}[/bold]"
    table.title_justify = "left"
    for index, column in enumerate(table.columns):
        if any(isinstance(row[index], int | float) for row in rows):
            column.justify = "right"
    for row in rows:
        table.add_row(*(_shown(value) for value in row))
    return table


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
