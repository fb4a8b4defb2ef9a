"""What a developer sees while events arrive: each event's verdict, and what has not been seen yet.

The verdict is ingest's own, on the very lines that were stored.
"""

from __future__ import annotations

import json
import queue
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from event_assets.capture.store import Target
from event_assets.ingest.blocks import block_of
from event_assets.ingest.clock import iso
from event_assets.ingest.judging import ROW, LineJudge
from event_assets.ingest.privacy import privacy_of
from event_assets.plan.model import Plan
from event_assets.plan.verdicts import Judge
from event_assets.settings import Settings

_TYPE, _TIME, _FLAGS, _ITEM, _LINE = (
    ROW.index(each) for each in ("event_type", "event_ts", "violations", "item", "line")
)
_MOST_WAITING = 10_000  # groups of lines; a view that falls behind says how many it left out


class Watch:
    """Judges what was stored, in a thread of its own, and says what it finds line by line."""

    def __init__(self, settings: Settings, plan: Plan, say: Callable[[str], None]) -> None:
        judge = Judge(plan.verdict_document())
        today = datetime.now(UTC).date()
        self._judges = {
            source.name: LineJudge(
                source, privacy_of(source, settings.data_dir), None, judge, today
            )
            for source in settings.config.sources
            if source.kind != "ad_report"
        }
        self._planned = sorted(
            name for name, event in plan.events.items() if event.status != "deprecated"
        )
        self._say = say
        self._seen: set[str] = set()
        self.verdicts: Counter[str] = Counter()
        self._waiting: queue.Queue[Mapping[Target, bytes] | None] = queue.Queue(_MOST_WAITING)
        self._left_out = 0
        self._thread = threading.Thread(target=self._run, name="event-assets-watch", daemon=True)
        self._thread.start()

    def stored(self, lines: Mapping[Target, bytes]) -> None:
        """Have lines judged; returns at once."""
        try:
            self._waiting.put_nowait(lines)
        except queue.Full:
            self._left_out += 1

    def close(self) -> None:
        """Say the rest, and what it comes to."""
        self._waiting.put(None)
        self._thread.join()
        counted = ", ".join(f"{count} {verdict}" for verdict, count in self.verdicts.most_common())
        self._say(counted or "no event was received")
        if self._left_out:
            self._say(f"{self._left_out} groups came too fast and are not shown; all are stored")
        self._say_unseen()

    def _run(self) -> None:
        self._say_unseen()
        while (lines := self._waiting.get()) is not None:
            before = len(self._seen)
            for target, text in lines.items():
                each = text.splitlines()
                if target.is_rejects:
                    self._show_rejects(each)
                else:
                    self._show_events(target.source, each)
            if len(self._seen) > before:
                self._say_unseen()

    def _show_rejects(self, lines: list[bytes]) -> None:
        for line in lines:
            reject: dict[str, Any] = json.loads(line)
            field = f"{reject['field']} " if reject.get("field") else ""
            self._tell(iso(reject["received_at"]), "rejected", "-", f"{field}{reject['reason']}")

    def _show_events(self, source: str, lines: list[bytes]) -> None:
        judged = self._judges[source].judged(block_of(lines))
        found: list[tuple[int, int, str, str, str, str]] = []
        for row in judged.rows:
            flags: list[dict[str, Any]] = json.loads(row[_FLAGS] or "[]")
            verdict = "ok"
            if flags:
                verdict = "omitted" if any(f["action"] == "omit" for f in flags) else "flagged"
            why = "; ".join(_named(each) for each in flags)
            place = row[_LINE], row[_ITEM]
            found.append((*place, iso(row[_TIME]), verdict, row[_TYPE], why))
            self._seen.add(row[_TYPE])
        for each in judged.rejected:
            reasons: list[dict[str, Any]] = json.loads(each.violations)
            why = "; ".join(f"{_named(reason)}: {reason['message']}" for reason in reasons)
            name = each.event_type or "-"
            found.append((each.line, each.item, "", "quarantined", name, why))
            self._seen.add(name)
        for *_, time, verdict, name, why in sorted(found):
            self._tell(time, verdict, name, why)

    def _tell(self, time: str, verdict: str, name: str, why: str) -> None:
        self.verdicts[verdict] += 1
        clock = time[11:19] or "-"
        self._say(f"{clock:8} {verdict:11} {_plain(name):24} {_plain(why)}".rstrip())

    def _say_unseen(self) -> None:
        unseen = [name for name in self._planned if name not in self._seen]
        if not unseen:
            self._say("every planned event has been seen")
            return
        total = len(self._planned)
        self._say(f"not seen yet ({len(unseen)} of {total} planned): {', '.join(unseen)}")


def _named(violation: Mapping[str, Any]) -> str:
    at = violation.get("property")
    return f"{violation['type']} {at}" if at else str(violation["type"])


def _plain(text: str) -> str:
    """Without what would steer a terminal: names come from whoever sends."""
    return "".join(each if each.isprintable() else "?" for each in text)[:300]
