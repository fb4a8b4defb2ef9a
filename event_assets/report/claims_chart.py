"""A picture of what everybody says of each channel: models, and the platform's claim beside them."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from math import floor, log10

from event_assets.report.attribution import NOT_MEASURED, ChannelAnswers, ConversionAnswers

_WIDTH, _ROW, _TOP, _LEFT, _RIGHT = 920, 34, 34, 150, 130
_INK, _GRID, _RANGE, _MODEL, _CLAIM = "#475569", "#e2e8f0", "#dbeafe", "#2563eb", "#c2410c"
_MOST_CHANNELS = 12
_TICKS = 5


def claims_chart(answers: ConversionAnswers) -> str:
    """SVG, a row a channel: a dot a model, a whisker for its interval, a diamond for the claim.

    What is less than nothing stands at 0; its title says how much it is.
    """
    channels = answers.channels[:_MOST_CHANNELS]
    most = max([1e-9, *(value for channel in channels for value in _values(channel))])
    step = _round_step(most / _TICKS)
    scale = (_WIDTH - _LEFT - _RIGHT) / (step * (int(most / step) + 1))
    height = _TOP + _ROW * len(channels) + 10
    title = escape(f"What is said of each channel: {answers.conversion}")
    return "".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img"'
            f' aria-label="{title}" font-family="system-ui, sans-serif" font-size="12">',
            *_axis(step, int(most / step) + 1, scale, height),
            *(
                part
                for number, channel in enumerate(channels)
                for part in _channel(channel, _TOP + _ROW * number + _ROW / 2, scale)
            ),
            "</svg>",
        ]
    )


def _values(channel: ChannelAnswers) -> list[float]:
    upper = [each.upper for each in channel.models.values() if each.upper is not None]
    return [*(each.value for each in channel.models.values()), *upper, channel.claim or 0.0]


def _round_step(step: float) -> float:
    """The next of 1, 2, 5, 10, 20 …"""
    magnitude = 10 ** floor(log10(step))
    return next(each * magnitude for each in (1, 2, 5, 10) if each * magnitude >= step)


def _axis(step: float, ticks: int, scale: float, height: int) -> Iterator[str]:
    for number in range(ticks + 1):
        x = _LEFT + number * step * scale
        yield (
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP - 6}" y2="{height - 6}" stroke="{_GRID}"/>'
            f'<text x="{x:.1f}" y="{_TOP - 12}" fill="{_INK}" text-anchor="middle">'
            f"{number * step:,.10g}</text>"
        )


def _channel(channel: ChannelAnswers, y: float, scale: float) -> Iterator[str]:
    name = escape(channel.channel)
    yield f'<text x="{_LEFT - 12}" y="{y + 4:.1f}" text-anchor="end" fill="#0f172a">{name}</text>'
    values = [each.value for each in channel.models.values()]
    if values:
        left, right = (_LEFT + max(each, 0) * scale for each in (min(values), max(values)))
        yield (
            f'<rect x="{left:.1f}" y="{y - 6:.1f}" width="{max(right - left, 1):.1f}" height="12"'
            f' rx="6" fill="{_RANGE}"/>'
        )
    for model, each in channel.models.items():
        if each.lower is not None and each.upper is not None:
            left, right = (_LEFT + max(end, 0) * scale for end in (each.lower, each.upper))
            yield (
                f'<line x1="{left:.1f}" x2="{right:.1f}" y1="{y:.1f}" y2="{y:.1f}"'
                f' stroke="{_MODEL}" stroke-opacity="0.55" stroke-width="1.5"/>'
            )
        yield (
            f'<circle cx="{_LEFT + max(each.value, 0) * scale:.1f}" cy="{y:.1f}" r="4.5" fill="{_MODEL}"'
            f' fill-opacity="0.75" stroke="#fff"><title>{name}, {escape(model)}: {each.value:,.1f}'
            "</title></circle>"
        )
    if channel.claim is not None:
        x = _LEFT + channel.claim * scale
        yield (
            f'<path d="M{x:.1f} {y - 7:.1f}l7 7l-7 7l-7 -7z" fill="{_CLAIM}" stroke="#fff">'
            f"<title>{name}, claimed: {channel.claim:,.0f}</title></path>"
        )
    is_measured = channel.measured not in ("", NOT_MEASURED)
    told = "see experiments" if is_measured else channel.measured
    yield (
        f'<text x="{_WIDTH - _RIGHT + 14}" y="{y + 4:.1f}" fill="{_INK}" font-style="italic">{told}</text>'
    )
