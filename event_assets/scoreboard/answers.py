"""What the published tables of a world's run say of its channels."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import duckdb

Interval = tuple[float, float]


@dataclass(frozen=True)
class Answers:
    """By channel. Conversions are those that have a touch.

    credits    by model: conversions credited
    intervals  by model that has them: of the share of the conversions
    claims     conversions that a platform claims for it
    treated    people whom its experiment was to reach; brought: those of them who would not have
               converted without it, as it finds; lifts: interval of the lift
    """

    conversions: int
    attributed: float
    credits: dict[str, dict[str, float]]
    intervals: dict[str, dict[str, Interval]]
    claims: dict[str, float]
    treated: dict[str, int]
    brought: dict[str, float]
    lifts: dict[str, Interval]


def read_answers(analytics: Path, conversion: str = "purchase") -> Answers:
    """Read the published file of a run with one lookback."""
    with duckdb.connect(str(analytics), read_only=True) as connection:
        connection.execute("use marts")
        credits: dict[str, dict[str, float]] = defaultdict(dict)
        for model, channel, credited in connection.execute(
            "select model, channel, sum(conversions) from channel_performance"
            " where conversion = ? group by all having sum(conversions) <> 0",
            [conversion],
        ).fetchall():
            credits[model][channel] = credited
        intervals: dict[str, dict[str, Interval]] = defaultdict(dict)
        for model, channel, lower, upper in connection.execute(
            "select model, channel, lower, upper from attribution_model_weights"
            " where conversion = ? and lower is not null and (model = 'shapley' or is_chosen_order)",
            [conversion],
        ).fetchall():
            intervals[model][channel] = lower, upper
        claims = connection.execute(
            "select channel, sum(claimed_conversions) from ad_spend group by channel"
        ).fetchall()
        experiments = connection.execute(
            "select channel, treated, incremental_conversions, lower, upper from incrementality_estimates"
            " where valid and is_complete and conversion = ?",
            [conversion],
        ).fetchall()
        counted = connection.execute(
            "select count(*) from conversions where not is_bot and conversion = ?", [conversion]
        ).fetchone()
    assert counted is not None
    touched = {channel: n for channel, n in credits["last"].items() if channel[0] != "("}
    return Answers(
        counted[0],
        sum(touched.values()),
        dict(credits),
        dict(intervals),
        dict(claims),
        {channel: treated for channel, treated, *_ in experiments},
        {channel: brought for channel, _, brought, *_ in experiments},
        {channel: (lower, upper) for channel, *_, lower, upper in experiments},
    )
