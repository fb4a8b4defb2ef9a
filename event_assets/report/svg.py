"""What all pictures share: colours, texts that cannot break out, an image that is nothing but text."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from html import escape

PAPER, INK, FAINT, LINE = "#ffffff", "#0f172a", "#64748b", "#e2e8f0"
FILL, PALE, LOST = "#2563eb", "#bfdbfe", "#f59e0b"
WIDTH = 720
_LABEL = 34


def picture(width: int, height: int, parts: Iterable[str]) -> str:
    """An SVG on paper of its own, to be read on light and dark pages."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">'
        f'<rect width="{width}" height="{height}" rx="6" fill="{PAPER}"/>{"".join(parts)}</svg>'
    )


def bar(x: float, y: float, width: float, height: float, color: str) -> str:
    """A rectangle."""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(0.0, width):.1f}" height="{height:.1f}" rx="2"'
        f' fill="{color}"/>'
    )


def text(
    x: float, y: float, words: str, *, color: str = INK, anchor: str = "start", bold: bool = False
) -> str:
    """A line of text at its baseline."""
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{color}" text-anchor="{anchor}"{weight}>'
        f"{escape(words)}</text>"
    )


def shortened(words: str, most: int = _LABEL) -> str:
    """A name that fits into its place, on one line."""
    shown = " ".join(words.split())
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def markdown_image(title: str, svg: str) -> str:
    """The picture as Markdown that needs nothing but itself."""
    encoded = base64.b64encode(svg.encode()).decode()
    named = "".join(each for each in title if each not in "[]()\\\n")
    return f"![{named}](data:image/svg+xml;base64,{encoded})"


def span(seconds: float | None) -> str:
    """A time as people say it: `45 s`, `12 min`, `3.5 h`, `2.0 d`."""
    if seconds is None:
        return ""
    for unit, size in (("d", 86_400.0), ("h", 3_600.0), ("min", 60.0)):
        if seconds >= size:
            number = seconds / size
            return f"{number:.0f} {unit}" if number >= 10 else f"{number:.1f} {unit}"
    return f"{seconds:.0f} s"
