"""Reads the daily reports of ad platforms: CSV with a header, each row checked."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from event_assets.errors import ConfigurationError
from event_assets.ingest.account import Outcome
from event_assets.ingest.blocks import Block, Position
from event_assets.ingest.columns import Origin, ad_report_batch, quarantine_batch
from event_assets.ingest.content import read_blocks
from event_assets.ingest.event_files import Named, Seen
from event_assets.ingest.parts import DayParts
from event_assets.ingest.privacy import Privacy
from event_assets.ingest.quarantine import WITHHELD, Rejected, reasons, verbatim
from event_assets.ingest.shapes import BOM
from event_assets.ingest.streams import ByteStream
from event_assets.ingest.tasks import Step, Task
from event_assets.plan.verdicts import Violation
from event_assets.storage import AnyPath

TEXT_COLUMNS = ("platform", "account", "campaign_id", "campaign", "channel", "currency")
WHOLE_COLUMNS = ("impressions", "clicks")
NUMBER_COLUMNS = ("spend", "claimed_conversions", "claimed_value")
COLUMNS = (
    "date",
    "platform",
    "account",
    "campaign_id",
    "campaign",
    "channel",
    "impressions",
    "clicks",
    "spend",
    "currency",
    "claimed_conversions",
    "claimed_value",
)
MAX_REPORT = 64 * 2**20  # a day's rows by campaign take kilobytes

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_WHOLE = re.compile(r"\d{1,18}", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,100}(?:\.\d{1,100})?(?:[eE][+-]?\d{1,2})?", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True)
class _Row:
    line: int
    byte_offset: int
    raw: bytes
    cells: list[str] | None


class AdReportFiles:
    """The ad reports of one source and landing date."""

    def __init__(self, privacy: Privacy | None, landing_date: date, parts: DayParts) -> None:
        self._landing_date = landing_date
        self._privacy = privacy
        self._parts = parts

    def read(self, task: Task, named: Named, seen: Seen) -> Iterator[tuple[Step, Origin, Outcome]]:
        """Take a task, which for a file with a header is one step.

        Raises ConfigurationError for a header without the columns of a report.
        """
        for step in task.steps:
            if not step.is_judged:
                continue
            size = step.range.end
            origin = named(step.range)
            with ByteStream(task.path) as stream:
                if stream.shape.no_text is not None:
                    pieces = read_blocks(stream, step.range, Position())
                    yield step, origin, self._reject(pieces, origin)
                    continue
                content = stream.read(min(size, MAX_REPORT + 1))
            if len(content) > MAX_REPORT:
                raise ConfigurationError(
                    f"is larger than {MAX_REPORT} bytes",
                    file=task.path,
                    remedy="split the report by day",
                )
            yield step, origin, self._judge(content, task.path, origin)
            seen(len(content), content.count(b"\n"))

    def _reject(self, blocks: Iterable[Block], origin: Origin) -> Outcome:
        """Keep aside a file that is no text, all of it."""
        outcome = Outcome()
        for block in blocks:
            violation = _violation("malformed", None, block.unreadable or "")
            raw, encoding = self._raw_of(block.lines[0])
            place = (block.first_line, 0, block.offset, None)
            rejected = [Rejected(*place, raw, encoding, reasons([violation]))]
            outcome.write(self._parts, "quarantine", quarantine_batch(rejected, origin), origin)
            outcome.counts.violations["malformed"] += 1
            outcome.counts.lines += 1
            outcome.counts.records += 1
            outcome.counts.unreadable += 1
        return outcome

    def _judge(self, content: bytes, path: AnyPath, origin: Origin) -> Outcome:
        outcome = Outcome()
        counts = outcome.counts
        good: list[dict[str, Any]] = []
        rejected: list[Rejected] = []
        places: dict[str, int] | None = None
        for row in _rows(content):
            is_blank = not row.raw.strip()
            if places is None:
                if not is_blank:
                    places = _header(row, path)
                continue
            counts.lines += 1
            if is_blank:
                counts.blank += 1
                continue
            counts.records += 1
            parsed, violations = _parse(row, places)
            if any(each.type == "malformed" for each in violations):
                counts.unreadable += 1
            else:
                counts.data_lines += 1
            if not violations:
                good.append({**self._kept(parsed), "line": row.line})
                continue
            counts.violations.update({each.type for each in violations})
            raw, encoding = self._raw_of(row.raw)
            rejected.append(
                Rejected(row.line, 0, row.byte_offset, None, raw, encoding, reasons(violations))
            )
        if good:
            counts.formats["ad_report"] += len(good)
            outcome.write(self._parts, "ad_reports", ad_report_batch(good, origin), origin)
        if rejected:
            outcome.write(self._parts, "quarantine", quarantine_batch(rejected, origin), origin)
        return outcome

    def _raw_of(self, line: bytes) -> tuple[str, str]:
        return verbatim(line) if self._privacy is None else WITHHELD

    def _kept(self, parsed: dict[str, Any]) -> dict[str, Any]:
        if self._privacy is None:
            return parsed
        remaining = dict(parsed)
        self._privacy.apply(remaining)
        return dict.fromkeys(parsed) | remaining


def _rows(content: bytes) -> Iterator[_Row]:
    """The rows of a CSV file with their bytes; cells are None where they cannot be told apart."""
    consumed: list[bytes] = []

    def decoded() -> Iterator[str]:
        for line in content.removeprefix(BOM).splitlines(keepends=True):
            consumed.append(line)
            yield line.decode(errors="surrogateescape")

    lines = decoded()
    reader = csv.reader(lines)
    line, offset = 1, len(content) - len(content.removeprefix(BOM))
    while True:
        try:
            cells = next(reader, None)
        except csv.Error:
            cells = None
            reader = csv.reader(lines)
        if not consumed:
            return
        raw = b"".join(consumed)
        yield _Row(line, offset, raw.rstrip(b"\r\n"), cells)
        line += len(consumed)
        offset += len(raw)
        consumed.clear()


def _header(row: _Row, path: AnyPath) -> dict[str, int]:
    names = [name.strip().lower() for name in row.cells or ()]
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise ConfigurationError(
            f"the report has no column {', '.join(f'`{name}`' for name in missing)}",
            file=path,
            line=row.line,
            remedy=f"an ad report has the columns {', '.join(COLUMNS)}",
        )
    return {name: names.index(name) for name in COLUMNS} | {"": len(names)}


def _parse(row: _Row, places: dict[str, int]) -> tuple[dict[str, Any], list[Violation]]:
    try:
        row.raw.decode()
    except UnicodeDecodeError:
        return {}, [_violation("malformed", None, "is not UTF-8")]
    if row.cells is None:
        return {}, [_violation("malformed", None, "is no row of CSV")]
    if len(row.cells) != places[""]:
        message = f"has {len(row.cells)} cells, the header {places['']}"
        return {}, [_violation("malformed", None, message)]
    cells = {name: row.cells[places[name]].strip() or None for name in COLUMNS}
    violations: list[Violation] = []
    parsed: dict[str, Any] = {}
    for name, cell in cells.items():
        try:
            parsed[name] = None if cell is None else _value(name, cell)
        except ValueError as error:
            violations.append(_violation("type_mismatch", name, str(error)))
    required = ["date", "platform"]
    if any(cells[name] is not None for name in ("spend", "claimed_value")):
        required.append("currency")
    missing = [name for name in required if cells[name] is None]
    negative = [name for name in NUMBER_COLUMNS if (parsed.get(name) or 0) < 0]
    violations += (_violation("required_missing", name, "is missing") for name in missing)
    violations += (_violation("value_invalid", name, "is negative") for name in negative)
    if cells["currency"] is not None and not _CURRENCY.fullmatch(cells["currency"]):
        message = "is not three capital letters"
        violations.append(_violation("value_invalid", "currency", message))
    return parsed, violations


def _value(name: str, cell: str) -> Any:
    """A cell as its column's type. Raises ValueError that never shows the cell."""
    if name == "date":
        if not _DAY.fullmatch(cell):
            raise ValueError("is no date written as 2026-09-21")
        try:
            return date.fromisoformat(cell)
        except ValueError:
            raise ValueError("is no day of the calendar") from None
    if name in WHOLE_COLUMNS:
        if not _WHOLE.fullmatch(cell):
            raise ValueError("is no whole number")
        return int(cell)
    if name in NUMBER_COLUMNS:
        if not _NUMBER.fullmatch(cell):
            raise ValueError("is no number")
        return float(cell)
    return cell


def _violation(kind: str, name: str | None, message: str) -> Violation:
    return Violation(kind, name, message, "quarantine")
