"""Small charts over days, as Markdown images that need nothing but the text itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from event_assets.checks.markdown import percent
from event_assets.report.svg import markdown_image

_WIDTH, _HEIGHT, _BASE, _LEFT = 640, 150, 122, 46
_PAPER, _MARK = "#f8fafc", "#0f172a"
_INK, CALM, WARN, ERROR = "#64748b", "#3b82f6", "#d97706", "#dc2626"


@dataclass(frozen=True)
class Bar:
    """A day's value, from 0 on, and what it was expected to be, if something was."""

    day: date
    value: float
    color: str = CALM
    expected: float | None = None


@dataclass(frozen=True)
class Threshold:
    """A line across the chart."""

    name: str
    value: float
    color: str


def share_chart(
    title: str, shares: Sequence[tuple[date, float]], warn: float, error: float | None = None
) -> str:
    """A bar a day with the thresholds."""
    lines = [Threshold("warn", warn, WARN)]
    if error is not None:
        lines.append(Threshold("error", error, ERROR))
    bars = [
        Bar(day, share, next((x.color for x in reversed(lines) if share > x.value), CALM))
        for day, share in shares
    ]
    return day_chart(title, bars, lines, percent)


def day_chart(
    title: str,
    bars: Sequence[Bar],
    lines: Sequence[Threshold],
    told: Callable[[float], str],
) -> str:
    """A bar a day, named by `told`, with a tick where another value was expected."""
    values = [each for bar in bars for each in (bar.value, bar.expected or 0.0)]
    top = max([1e-9, *(line.value * 1.4 for line in lines), *values])
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}"'
        ' font-family="sans-serif" font-size="11">',
        *_bars(bars, top, told),
        *_lines(lines, top),
    ]
    if bars:
        parts.append(
            f'<text x="{_LEFT}" y="{_HEIGHT - 10}" fill="{_INK}">{bars[0].day}</text>'
            f'<text x="{_WIDTH - 10}" y="{_HEIGHT - 10}" fill="{_INK}" text-anchor="end">'
            f"{bars[-1].day}</text>"
            f'<text x="2" y="{_BASE - _height(max(values), top) + 8:.1f}" fill="{_INK}">'
            f"{told(max(values))}</text>"
        )
    return markdown_image(title, "".join(parts) + "</svg>")


def _bars(bars: Sequence[Bar], top: float, told: Callable[[float], str]) -> Iterator[str]:
    step = (_WIDTH - _LEFT - 10) / max(1, len(bars))
    width = max(1.0, step - 2)
    for index, bar in enumerate(bars):
        height = max(1.0, _height(bar.value, top))
        x = _LEFT + index * step
        expected = "" if bar.expected is None else f", {told(bar.expected)} expected"
        yield (
            f'<rect x="{x:.1f}" y="{_BASE - height:.1f}" width="{width:.1f}"'
            f' height="{height:.1f}" fill="{bar.color}">'
            f"<title>{bar.day}: {told(bar.value)}{expected}</title></rect>"
        )
        if bar.expected is not None:
            y = _BASE - _height(bar.expected, top)
            for stroke, thickness in ((_PAPER, 5), (_MARK, 2)):
                yield (
                    f'<line x1="{x:.1f}" x2="{x + width:.1f}" y1="{y:.1f}" y2="{y:.1f}"'
                    f' stroke="{stroke}" stroke-width="{thickness}"/>'
                )


def _lines(lines: Sequence[Threshold], top: float) -> Iterator[str]:
    for line in lines:
        y = _BASE - _height(line.value, top)
        yield (
            f'<line x1="{_LEFT}" x2="{_WIDTH - 10}" y1="{y:.1f}" y2="{y:.1f}"'
            f' stroke="{line.color}" stroke-dasharray="4 3"/>'
            f'<text x="2" y="{y + 4:.1f}" fill="{line.color}">{line.name}</text>'
        )


def _height(value: float, top: float) -> float:
    return value / top * (_BASE - 10)
