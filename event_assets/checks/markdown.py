"""Evidence as tables and text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import dagster as dg

_ROWS = 20
# names from logs may be megabytes long
_NAME, _CELL = 60, 300


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; text in cells can't break out of them."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_cell(value) for value in line) + " |" for line in lines)


def shown_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> dg.TableMetadataValue:
    """The first rows as a table that stands open on the page; the last row tells of more."""
    listed = [[_text(value) for value in row] for row in rows]
    more = len(listed) - _ROWS
    if more > 0:
        listed[_ROWS:] = [[f"… and {more:,} more", *[""] * (len(header) - 1)]]
    return dg.MetadataValue.table(
        [dg.TableRecord(dict(zip(header, row, strict=True))) for row in listed],
        dg.TableSchema([dg.TableColumn(name) for name in header]),
    )


def _cell(value: object) -> str:
    text = _text(value)
    for special in "\\`*_[]<>|":
        text = text.replace(special, "\\" + special)
    return text


def _text(value: object) -> str:
    if value is None:
        return ""
    text = f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
    text = text if len(text) <= _CELL else f"{text[: _CELL - 1]}…"
    return " ".join(text.split())


def percent(share: float) -> str:
    """A share as a percentage, with decimals enough to tell small ones from none."""
    return f"{share:.1%}" if share >= 0.001 or share == 0 else f"{share:.3%}"


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """`1 day`, `1,204 days`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def place(file: str | None, line: int | None) -> str:
    """Where to look at a record, as `file:line`; empty where there is none."""
    return "" if file is None else f"{file}:{line}"


def brief(name: str) -> str:
    """A name from a log, as it may stand in a sentence: on one line, and not too long."""
    shown = " ".join(name.split())
    return shown if len(shown) <= _NAME else f"{shown[: _NAME - 1]}…"
