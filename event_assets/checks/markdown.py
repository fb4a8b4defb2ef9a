"""Evidence as Markdown: tables, and a chart that needs nothing but the text itself."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from datetime import date

_WIDTH, _HEIGHT, _BASE, _LEFT = 640, 150, 122, 46
_INK, _CALM, _WARN, _ERROR = "#64748b", "#3b82f6", "#d97706", "#dc2626"


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; text in cells can't break out of them."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_cell(value) for value in line) + " |" for line in lines)


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
    for special in "\\`*_[]<>|":
        text = text.replace(special, "\\" + special)
    return " ".join(text.split())


def percent(share: float) -> str:
    """A share as a percentage, with decimals enough to tell small ones from none."""
    return f"{share:.1%}" if share >= 0.001 or share == 0 else f"{share:.3%}"


def share_chart(title: str, shares: Sequence[tuple[date, float]], warn: float, error: float) -> str:
    """A bar a day with both thresholds, as a Markdown image."""
    top = max([error * 1.4, *(share for _, share in shares)])
    step = (_WIDTH - _LEFT - 10) / max(1, len(shares))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}"'
        ' font-family="sans-serif" font-size="11">'
    ]
    for index, (day, share) in enumerate(shares):
        color = _ERROR if share > error else _WARN if share > warn else _CALM
        height = max(1.0, share / top * (_BASE - 10))
        x = _LEFT + index * step
        parts.append(
            f'<rect x="{x:.1f}" y="{_BASE - height:.1f}" width="{max(1.0, step - 2):.1f}"'
            f' height="{height:.1f}" fill="{color}"><title>{day}: {percent(share)}</title></rect>'
        )
    for name, threshold, color in (("warn", warn, _WARN), ("error", error, _ERROR)):
        y = _BASE - threshold / top * (_BASE - 10)
        parts.append(
            f'<line x1="{_LEFT}" x2="{_WIDTH - 10}" y1="{y:.1f}" y2="{y:.1f}" stroke="{color}"'
            f' stroke-dasharray="4 3"/><text x="2" y="{y + 4:.1f}" fill="{color}">{name}</text>'
        )
    if shares:
        parts.append(
            f'<text x="{_LEFT}" y="{_HEIGHT - 10}" fill="{_INK}">{shares[0][0]}</text>'
            f'<text x="{_WIDTH - 10}" y="{_HEIGHT - 10}" fill="{_INK}" text-anchor="end">'
            f"{shares[-1][0]}</text>"
        )
    encoded = base64.b64encode(("".join(parts) + "</svg>").encode()).decode()
    return f"![{title}](data:image/svg+xml;base64,{encoded})"
