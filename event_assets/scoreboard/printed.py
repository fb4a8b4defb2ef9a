"""The scoreboard on a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from event_assets.scoreboard.board import Score, WorldScores, means

WHAT_IT_SHOWS = (
    "share error: of the credit among the channels that can be switched off, how much is in the wrong place"
    " (0 none, 1 all). order: rank correlation with what they brought (1 the same, -1 the contrary)."
    " times true: all that is credited to them by all that they brought. intervals: how many of the 95 %"
    " intervals hold the truth.\n"
    "What it does not show: that your customers are like these. The worlds are made up, and other"
    " parameters (event_assets/simulate/worlds/parameters) give other numbers. It shows how wrong a model can"
    " be with nobody seeing it, and that an experiment of the same size is not."
)


def print_scoreboard(worlds: Sequence[WorldScores]) -> None:
    """A line a world, then the answers over all worlds, then each world's own."""
    console = Console(highlight=False, width=None if Console().is_terminal else 110)
    about = Table(
        "world", "orders", "brought by channels", "claimed by platforms", "what it is like"
    )
    for column in about.columns[1:4]:
        column.justify = "right"
    for each in worlds:
        brought = f"{sum(each.brought.values()):,}"
        about.add_row(
            each.world, f"{each.orders:,}", brought, f"{each.claimed:,.0f}", each.description
        )
    console.print(about)
    console.print(_table("all worlds", means(worlds)))
    for each in worlds:
        console.print(_table(each.world, each.scores))
    console.print(WHAT_IT_SHOWS)


def _table(title: str, scores: Sequence[Score]) -> Table:
    table = Table(title, "share error", "order", "times true", "intervals")
    for column in table.columns[1:]:
        column.justify = "right"
    for each in scores:
        table.add_row(
            each.answer,
            _shown(each.share_error),
            _shown(each.rank_correlation),
            _shown(each.over_statement),
            f"{each.held} of {each.intervals}" if each.intervals else "",
        )
    return table


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
