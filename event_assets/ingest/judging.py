"""Blocks of lines in, accepted events and rejected records out, every line counted."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import date
from operator import itemgetter
from typing import Any

from event_assets.ingest import quarantine
from event_assets.ingest.blocks import Block
from event_assets.ingest.canonical import EVENT_TYPE, EVENT_VERSION, Canon
from event_assets.ingest.erasures import NOTHING, Erasures
from event_assets.ingest.formats import READ_FIELDS, Reading
from event_assets.ingest.json_text import dumped
from event_assets.ingest.line_reader import LineReader
from event_assets.ingest.malformed import Malformed, Unreadable
from event_assets.ingest.privacy import Privacy
from event_assets.ingest.quarantine import Rejected
from event_assets.plan.verdicts import Judge, Violation
from event_assets.sources import Source

JUDGED_COLUMNS = (
    "kind",
    "event_ts",
    "ts_quality",
    "properties",
    "context",
    "format",
    "violations",
    "line",
    "item",
    "content",
)
ROW = (*READ_FIELDS, *JUDGED_COLUMNS)
_format_of = itemgetter(ROW.index("format"))


# accepted records that show nothing else are sent beyond the plan, not against it
NOISE = frozenset({"unplanned_event", "unplanned_property"})


@dataclass(slots=True)
class Counts:
    """What became of lines and records; LoadRecord says what each number means."""

    lines: int = 0
    blank: int = 0
    unreadable: int = 0
    data_lines: int = 0
    records: int = 0
    flagged: int = 0
    noise: int = 0
    unplanned: int = 0
    erased: int = 0
    violations: Counter[str] = field(default_factory=Counter[str])
    formats: Counter[str] = field(default_factory=Counter[str])

    def add(self, other: Counts) -> None:
        """Count along what another saw."""
        for each in fields(self):
            total = getattr(self, each.name) + getattr(other, each.name)
            setattr(self, each.name, total)


@dataclass(slots=True)
class Judged:
    """What one block held.

    `rows` are the accepted events, with values in the order of ROW; their `content` is a place in
    `digests`, which has that of every line that is neither blank nor too long to be held: the SHA-256,
    keyed where the source's fields are not all stored as they were sent.
    """

    block: Block
    rows: list[list[Any]] = field(default_factory=list[list[Any]])
    digests: list[bytes] = field(default_factory=list[bytes])
    rejected: list[Rejected] = field(default_factory=list[Rejected])
    last_rejected: int | None = None  # which of the block's lines the last rejected record is from


def content_digests(block: Block, privacy: Privacy | None) -> list[bytes]:
    """The digests that judging the block would give."""
    if block.unreadable is not None:
        return []
    digest = _digest_of(privacy)
    return [digest(line) for line in block.lines if line and not line.isspace()]


class LineJudge:
    """Reads and judges the lines of one source and landing date, and counts what it saw."""

    def __init__(
        self,
        source: Source,
        privacy: Privacy | None,
        erasures: Erasures | None,
        judge: Judge,
        landing_date: date,
    ) -> None:
        self.counts = Counts()
        self._lines = LineReader(source, privacy)
        self._digest = _digest_of(privacy)
        self._erasures = erasures
        self._is_private = privacy is not None
        self._erased = NOTHING  # items of the line that is being judged
        self._judge = judge.judge
        self._kind = source.kind
        self._canon = Canon(landing_date)

    def judged(self, block: Block) -> Judged:
        """Everything that the block's lines hold."""
        judged = Judged(block)
        counts = self.counts
        counts.lines += block.count
        if block.unreadable is not None:
            self._begin(self._digest(block.lines[0]))
            self._reject_line(judged, 0, Unreadable(block.unreadable))
            return judged
        read, digest, digests = self._lines.read, self._digest, judged.digests
        has_long_numbers, items = block.has_long_numbers, block.items
        erasures = self._erasures
        for index, line in enumerate(block.lines):
            if not line or line.isspace():
                counts.blank += 1
                continue
            digests.append(digest(line))
            if erasures is not None:
                self._begin(digests[-1])
            try:
                readings = read(line, has_long_numbers=has_long_numbers)
            except Unreadable as error:
                self._reject_line(judged, index, error)
                continue
            except Malformed as error:
                readings = (error,)
            counts.data_lines += 1
            for index_in_line, reading in enumerate(readings):
                item = index_in_line if items is None else items.take(block.numbers[index])
                counts.records += 1
                if item in self._erased:
                    counts.erased += 1
                    continue
                try:
                    self._judge_record(judged, index, item, reading)
                except Malformed as error:
                    name = reading[0][EVENT_TYPE] if isinstance(reading, Reading) else None
                    known = name if isinstance(name, str) else None
                    self._reject(judged, index, item, known, quarantine.malformed(error))
        counts.formats.update(map(_format_of, judged.rows))
        return judged

    def _begin(self, digest: bytes) -> None:
        if self._erasures is not None:
            self._erased = self._erasures.items(digest, is_keyed=self._is_private)

    def _judge_record(
        self, judged: Judged, index: int, item: int, reading: Reading | Malformed
    ) -> None:
        if isinstance(reading, Malformed):
            raise reading
        values, properties, context, format_name, kind, _, _, _ = reading
        event_ts, quality = self._canon.settle(reading)
        event_type = values[EVENT_TYPE]
        kind = kind or self._kind
        moment = None if quality == "implausible" else event_ts
        verdict = self._judge(event_type, properties, values[EVENT_VERSION], kind, moment)
        properties = self._canon.without_whole_ips(properties)
        written = dumped(properties, "properties") if properties else "{}"
        if context is not None:
            if context.__class__ is not dict:
                raise Malformed("is not an object", "context")
            context = dumped(self._canon.without_whole_ips(context), "context")
        flags = None
        if verdict is not None:
            if verdict.action == "quarantine":
                self._reject(judged, index, item, event_type, verdict.violations)
                return
            if verdict.omitted:
                omitted = verdict.omitted
                mended = {name: each for name, each in properties.items() if name not in omitted}
                written = dumped(mended, "properties")
            flags = quarantine.flags(verdict.violations)
            self._count(verdict.violations)
            self.counts.flagged += 1
            self.counts.noise += all(each.type in NOISE for each in verdict.violations)
        values.extend(
            (
                kind,
                event_ts,
                quality,
                written,
                context,
                format_name,
                flags,
                judged.block.numbers[index],
                item,
                len(judged.digests) - 1,
            )
        )
        judged.rows.append(values)

    def _reject_line(self, judged: Judged, index: int, error: Malformed) -> None:
        self.counts.unreadable += 1
        self.counts.records += 1
        items = judged.block.items
        item = 0 if items is None else items.take(judged.block.numbers[index])
        self._reject(judged, index, item, None, quarantine.malformed(error))

    def _reject(
        self,
        judged: Judged,
        index: int,
        item: int,
        event_type: str | None,
        violations: tuple[Violation, ...],
    ) -> None:
        if item in self._erased:
            self.counts.erased += 1
            return
        self._count(violations)
        block = judged.block
        line = block.lines[index]
        if self._erased is not NOTHING:
            raw, encoding = quarantine.WITHHELD  # the line holds what was erased as well
        elif judged.last_rejected == index:
            raw, encoding = quarantine.SAME_LINE
        else:
            raw, encoding = self._lines.kept(line)
            judged.last_rejected = index
        digest = self._digest(line) if block.unreadable is not None else judged.digests[-1]
        judged.rejected.append(
            Rejected(
                block.numbers[index],
                item,
                block.offset_of(index),
                event_type,
                raw,
                encoding,
                quarantine.reasons(violations),
                digest.hex(),
            )
        )

    def _count(self, violations: tuple[Violation, ...]) -> None:
        kinds = {each.type for each in violations}
        self.counts.violations.update(kinds)
        self.counts.unplanned += "unplanned_event" in kinds


def _digest_of(privacy: Privacy | None) -> Callable[[bytes], bytes]:
    return _sha256 if privacy is None else privacy.digest


def _sha256(line: bytes) -> bytes:
    return hashlib.sha256(line).digest()
