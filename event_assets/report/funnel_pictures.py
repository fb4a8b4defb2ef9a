"""A funnel, where people went instead of its next step, and how many come back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from event_assets.report.svg import (
    FAINT,
    FILL,
    INK,
    LINE,
    LOST,
    PALE,
    PAPER,
    WIDTH,
    bar,
    picture,
    shortened,
    span,
    text,
)

Row = Mapping[str, Any]
_LEFT, _RIGHT, _STEP, _TOP = 240, 190, 46, 40
_COHORTS, _PERIODS, _CELL_W, _CELL_H = 12, 12, 44, 24
_NEXT = 4


def funnel_picture(rows: Sequence[Row]) -> str:
    """The steps of one funnel, as rows of `funnels` in their order: bars of those at step 1.

    A step shows how many came, which share of the first and of the step before that is, and how long
    half of them took.
    """
    room = WIDTH - _LEFT - _RIGHT
    parts = [text(16, 24, _title(rows[0]), bold=True)]
    for place, row in enumerate(rows):
        y = _TOP + place * _STEP
        share = row["conversion_from_first"] or 0.0
        label = f"{row['step']}  {shortened(row['label'], 27)}"
        note = "optional" if row["is_optional"] else _took(row)
        parts += [
            text(16, y + 15, label),
            text(30, y + 30, note, color=FAINT) if note else "",
            bar(_LEFT, y, room, 24, LINE),
            bar(_LEFT, y, room * share, 24, PALE if row["is_optional"] else FILL),
            text(WIDTH - _RIGHT + 10, y + 12, f"{row['persons']:,}", bold=True),
            text(WIDTH - _RIGHT + 10, y + 27, _shares(row), color=FAINT),
        ]
    return picture(WIDTH, _TOP + len(rows) * _STEP + 6, parts)


def _title(row: Row) -> str:
    counted = "sessions" if row["subject"] == "session" else "persons"
    return f"{shortened(row['funnel'])} · {row['semantics']} · {counted}"


def _took(row: Row) -> str:
    took = row["median_s"]
    return "" if took is None or row["step"] == 1 else f"median {span(took)}"


def _shares(row: Row) -> str:
    if row["step"] == 1 or row["conversion_from_first"] is None:
        return ""
    before = row["conversion_from_previous"]
    before_told = "" if before is None else f" · {before:.1%} of the one before"
    return f"{row['conversion_from_first']:.1%}{before_told}"


def drop_off_picture(title: str, steps: Sequence[Row], drops: Sequence[Row]) -> str:
    """After each step of a funnel that is not the last: how many went no further, and what they did.

    `steps` are rows of `funnels`, `drops` of `funnel_drop_off`, of one funnel and semantics.
    """
    most = max((row["persons"] for row in drops), default=1)
    room = WIDTH - _LEFT - _RIGHT
    parts = [text(16, 24, title, bold=True)]
    y = _TOP
    for step in steps:
        mine = sorted(
            (row for row in drops if row["step"] == step["step"]),
            key=lambda row: (-row["persons"], row["next_event"]),
        )
        if not mine:
            continue
        left = sum(row["persons"] for row in mine)
        shown = [(row["next_event"], row["persons"]) for row in mine[:_NEXT]]
        if len(mine) > _NEXT:
            shown.append((f"{len(mine) - _NEXT} others", sum(r["persons"] for r in mine[_NEXT:])))
        heading = f"after {step['step']}  {shortened(step['label'])}: {left:,} went no further"
        parts.append(text(16, y + 12, heading))
        y += 20
        for name, persons in shown:
            parts += [
                text(_LEFT - 10, y + 12, shortened(name, 27), color=FAINT, anchor="end"),
                bar(_LEFT, y, room * min(1.0, persons / most), 16, LOST),
                text(
                    WIDTH - _RIGHT + 10, y + 12, f"{persons:,} · {persons / left:.0%}", color=FAINT
                ),
            ]
            y += 20
        y += 8
    return picture(WIDTH, y + 4, parts)


def retention_picture(title: str, rows: Sequence[Row], cohort: str) -> str:
    """The last cohorts by period, as rows of a retention table; `cohort` is the column of their dates."""
    dates = sorted({row[cohort] for row in rows})[-_COHORTS:]
    parts = [text(16, 24, title, bold=True), *_heads()]
    for place, day in enumerate(dates):
        y = 52 + place * _CELL_H
        mine = {row["period"]: row for row in rows if row[cohort] == day}
        parts.append(text(16, y + 16, str(day)))
        parts.append(
            text(150, y + 16, f"{mine[0]['persons']:,}" if 0 in mine else "", anchor="end")
        )
        parts += _cells(mine, y)
    return picture(WIDTH, 60 + len(dates) * _CELL_H, parts)


def _heads() -> Iterator[str]:
    yield text(150, 46, "persons", color=FAINT, anchor="end")
    for period in range(_PERIODS):
        x = 166 + period * _CELL_W + _CELL_W / 2
        yield text(x, 46, str(period), color=FAINT, anchor="middle")


def _cells(mine: Mapping[int, Row], y: float) -> Iterator[str]:
    for period in range(_PERIODS):
        row = mine.get(period)
        if row is None:
            continue
        x, rate = 166 + period * _CELL_W, row["rate"]
        yield bar(x + 1, y + 1, _CELL_W - 2, _CELL_H - 2, _shade(rate))
        color = PAPER if rate > 0.6 else INK
        yield text(x + _CELL_W / 2, y + 16, f"{rate:.0%}", color=color, anchor="middle")


def _shade(rate: float) -> str:
    """From nearly white to the colour of bars."""
    low, high = (239, 246, 255), (37, 99, 235)
    mixed = (round(a + (b - a) * min(1.0, rate)) for a, b in zip(low, high, strict=True))
    return "#" + "".join(f"{each:02x}" for each in mixed)
