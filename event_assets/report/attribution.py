"""What the report says of channels: the platforms' claim as one more model beside ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb

# what people ask for first; the others stand in channel_performance
SHOWN_MODELS = ("first", "last", "linear", "position_based", "time_decay", "markov", "shapley")
_USUAL_LOOKBACK = 30
NOT_MEASURED = "not measured"


@dataclass(frozen=True)
class Estimate:
    """A number of conversions, with the ends of its 95 % interval where there is one."""

    value: float
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True)
class ChannelAnswers:
    """What everybody says of one channel; claim None where no platform reports on it.

    measured  what its experiment found in words, or `not measured`
    """

    channel: str
    models: dict[str, Estimate]
    claim: float | None
    spend: float | None
    measured: str


@dataclass(frozen=True)
class ConversionAnswers:
    """A conversion: how many there were, and what everybody says of each channel."""

    conversion: str
    conversions: int
    channels: Sequence[ChannelAnswers]

    @property
    def models(self) -> list[str]:
        """The models that say anything, as they are shown."""
        said = {model for channel in self.channels for model in channel.models}
        return [model for model in SHOWN_MODELS if model in said]

    @property
    def has_claims(self) -> bool:
        """Whether claims are about this conversion."""
        return any(channel.claim is not None for channel in self.channels)


@dataclass(frozen=True)
class AttributionSection:
    """All that the section shows. Rows are dicts by column."""

    lookback_days: int
    conversions: Sequence[ConversionAnswers] = ()
    platforms: Sequence[dict[str, Any]] = ()
    sales: int = 0
    experiments: Sequence[dict[str, Any]] = field(default_factory=tuple[dict[str, Any], ...])

    @property
    def claimed(self) -> float:
        """What all platforms claim together."""
        return sum(each["claimed"] for each in self.platforms)


def attribution_section(
    connection: duckdb.DuckDBPyConnection, lookback_days: int | None = None
) -> AttributionSection:
    """Read the published tables. Without a lookback that of 30 days, else the longest."""
    days = lookback_days or _usual_lookback(connection)
    counted = _rows(
        connection,
        "select conversion, count(*), count(value_original) from conversions where not is_bot"
        " group by conversion order by count(value_original) > 0 desc, count(*) desc, conversion",
    )
    sales = [conversion for conversion, _, valued in counted if valued]
    return AttributionSection(
        days,
        [
            _conversion(connection, conversion, count, days, with_claims=sales == [conversion])
            for conversion, count, _ in counted
        ],
        _platforms(connection, days),
        sum(count for conversion, count, _ in counted if conversion in sales),
        _dicts(connection, "select * from incrementality_estimates order by experiment"),
    )


def _usual_lookback(connection: duckdb.DuckDBPyConnection) -> int:
    known = _rows(connection, "select distinct lookback_days from channel_performance")
    days = [row[0] for row in known]
    return _USUAL_LOOKBACK if _USUAL_LOOKBACK in days else max(days, default=_USUAL_LOOKBACK)


def _conversion(
    connection: duckdb.DuckDBPyConnection,
    conversion: str,
    count: int,
    lookback_days: int,
    *,
    with_claims: bool,
) -> ConversionAnswers:
    """Claims belong to a conversion where it alone has a value: platforms do not say which they mean."""
    shares = {
        (model, channel): (lower, upper)
        for model, channel, lower, upper in _rows(
            connection,
            "select model, channel, lower, upper from attribution_model_weights where conversion = ?"
            " and lookback_days = ? and lower is not null and (model = 'shapley' or is_chosen_order)",
            [conversion, lookback_days],
        )
    }
    credits = _rows(
        connection,
        "select channel, model, sum(conversions) from channel_performance"
        " where conversion = ? and lookback_days = ? group by all having sum(conversions) <> 0",
        [conversion, lookback_days],
    )
    touched = sum(
        n for channel, model, n in credits if model == "last" and not channel.startswith("(")
    )
    models: dict[str, dict[str, Estimate]] = {}
    for channel, model, credited in credits:
        if model in SHOWN_MODELS:
            lower, upper = shares.get((model, channel), (None, None))
            models.setdefault(channel, {})[model] = Estimate(
                credited,
                None if lower is None else lower * touched,
                None if upper is None else upper * touched,
            )
    reported = {
        channel: (claimed, spend)
        for channel, claimed, spend in _rows(
            connection,
            "select channel, sum(claimed_conversions), sum(spend) from ad_spend group by channel",
        )
    }
    measured = _measured(connection, conversion)
    channels = [
        ChannelAnswers(
            channel,
            models.get(channel, {}),
            reported[channel][0] if with_claims and channel in reported else None,
            reported[channel][1] if channel in reported else None,
            measured.get(channel, "" if channel.startswith("(") else NOT_MEASURED),
        )
        for channel in {*models, *(reported if with_claims else ())}
    ]
    return ConversionAnswers(conversion, count, sorted(channels, key=_rank))


def _rank(answers: ChannelAnswers) -> tuple[bool, float, str]:
    """The most credited first, what nobody gets last."""
    credits = [each.value for each in answers.models.values()]
    most = max([*credits, answers.claim or 0])
    return answers.channel.startswith("("), -most, answers.channel


def _measured(connection: duckdb.DuckDBPyConnection, conversion: str) -> dict[str, str]:
    """What the last valid experiment of each channel says."""
    return {
        channel: f"{verdict}: {brought:+,.0f} [{lower:+,.0f}, {upper:+,.0f}] of {treated:,} people"
        for channel, verdict, brought, lower, upper, treated in _rows(
            connection,
            "select channel, verdict, incremental_conversions, lower * treated, upper * treated, treated"
            " from incrementality_estimates where valid and is_complete and conversion = ?"
            " order by ended_on, experiment desc",
            [conversion],
        )
    }


def _platforms(connection: duckdb.DuckDBPyConnection, lookback_days: int) -> list[dict[str, Any]]:
    """Sums over all days: ratios of days are no addends."""
    return _dicts(
        connection,
        "select platform, any_value(spend) as spend, sum(claimed) as claimed,"
        " sum(verifiable) as verifiable, greatest(0, sum(claimed) - sum(verifiable)) as unverifiable,"
        " sum(attributed) as attributed, sum(claimed) / nullif(sum(attributed), 0) as ratio"
        " from claimed_vs_attributed"
        " left join (select platform, sum(spend) as spend from ad_spend group by platform) using (platform)"
        " where lookback_days = ? and model = 'linear' group by platform order by claimed desc, platform",
        [lookback_days],
    )


def _rows(
    connection: duckdb.DuckDBPyConnection, query: str, values: Sequence[object] = ()
) -> list[tuple[Any, ...]]:
    return connection.execute(query, list(values)).fetchall()


def _dicts(
    connection: duckdb.DuckDBPyConnection, query: str, values: Sequence[object] = ()
) -> list[dict[str, Any]]:
    found = connection.execute(query, list(values))
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
