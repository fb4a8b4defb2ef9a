"""What an event is worth by the plan: clean, flagged, mended or set aside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from event_assets.plan.shapes import Finding, JudgedShape, Properties

Action = Literal["accept", "omit", "quarantine"]

MAX_LISTED = 100  # violations named in a verdict; what happens to the event counts all

_SEVERITY: dict[Action, int] = {"accept": 0, "omit": 1, "quarantine": 2}
_IN_VALUES = ("type_mismatch", "required_missing", "unplanned_property", "value_invalid")
_KINDS = ("client", "server", "mobile", None)


@dataclass(frozen=True, slots=True)
class Violation:
    """One way in which an event breaks the plan.

    `property` is a dotted path, `[]` for any item of an array, None where the event as a whole is
    meant. `message` tells what the plan asks for and never holds the value that was sent.
    """

    type: str
    property: str | None
    message: str
    action: Action


@dataclass(frozen=True, slots=True)
class Verdict:
    """What happens to an event that is not clean, and why.

    `omitted` are the top-level properties to leave out, empty unless the action is `omit`. At
    most MAX_LISTED violations are listed, each pair of type and property once.
    """

    action: Action
    violations: tuple[Violation, ...]
    omitted: tuple[str, ...] = ()


class Judge:
    """Judges events by a plan's verdict document (`Plan.verdict_document`)."""

    def __init__(self, verdict_document: dict[str, Any]) -> None:
        policy: dict[str, Action] = verdict_document["policy"]
        self._events = {
            name: _Event(judging, policy) for name, judging in verdict_document["events"].items()
        }
        # nearly all events fit the one shape that theirs has: these are judged at once
        self._fits: dict[str | None, dict[str, Callable[[Properties], bool]]] = {
            kind: {
                name: event.shapes[0].fits
                for name, event in self._events.items()
                if event.has_one_shape and event.is_sent_by(kind)
            }
            for kind in _KINDS
        }
        action = policy["unplanned_event"]
        message = "the plan has no event of this name"
        self._unplanned = Verdict(action, (Violation("unplanned_event", None, message, action),))

    def judge(
        self,
        event_type: str,
        properties: Properties,
        event_version: str | None = None,
        kind: str | None = None,
        event_us: int | None = None,
    ) -> Verdict | None:
        """None for a clean event, else the verdict. `properties` must come from JSON.

        `kind` is that of the source (client, server, mobile), `event_us` when it happened
        (microseconds since 1970, UTC); None where it is not known, and then not judged by.
        """
        fits = self._fits[kind].get(event_type)
        if fits is not None:
            try:
                if fits(properties):
                    return None
            except ValueError:  # a value nested deeper than the validator follows
                pass
        event = self._events.get(event_type)
        if event is None:
            return self._unplanned
        return event.verdict(properties, event_version, kind, event_us)


class _Event:
    """One event's part of the plan, compiled."""

    def __init__(self, judging: dict[str, Any], policy: dict[str, Action]) -> None:
        self._policy: dict[str, Action] = {**policy, **judging.get("policy", {})}
        self._strictest: Action = max(
            [self._policy[each] for each in _IN_VALUES], key=_SEVERITY.__getitem__
        )
        self._sent_by: frozenset[str] = frozenset(judging["sent_by"])
        self.shapes = [JudgedShape(each) for each in judging["shapes"]]
        self._by_version = {version: each for each in self.shapes for version in each.versions}

    @property
    def has_one_shape(self) -> bool:
        """Whether neither version nor day of an event matter."""
        return len(self.shapes) == 1 and not self._by_version

    def is_sent_by(self, kind: str | None) -> bool:
        """Whether the plan has the event from sources of this kind."""
        return kind is None or kind in self._sent_by

    def verdict(
        self,
        properties: Properties,
        event_version: str | None,
        kind: str | None,
        event_us: int | None,
    ) -> Verdict | None:
        """By the shape of its version and day; of several the newest with the mildest verdict."""
        shapes, is_planned = self._shapes_of(event_version, event_us)
        if is_planned and self.is_sent_by(kind) and any(s.is_clean(properties) for s in shapes):
            return None
        verdicts = [self._verdict_by(each, is_planned, properties, kind) for each in shapes]
        return min(verdicts, key=lambda each: _SEVERITY[each.action] if each else -1)

    def _verdict_by(
        self, shape: JudgedShape, is_planned: bool, properties: Properties, kind: str | None
    ) -> Verdict | None:
        violations: dict[tuple[str, str | None], Violation] = {}
        omitted: dict[str, None] = {}
        worst: Action = "accept"
        for finding in self._findings(shape, is_planned, properties, kind):
            action = self._action_on(finding)
            if len(violations) < MAX_LISTED:
                violations.setdefault(
                    (finding.type, finding.property),
                    Violation(finding.type, finding.property, finding.message, action),
                )
            if action == "omit" and finding.holder is not None:
                omitted[finding.holder] = None
            worst = max(worst, action, key=_SEVERITY.__getitem__)
        if not violations:
            return None
        return Verdict(worst, tuple(violations.values()), tuple(omitted) if worst == "omit" else ())

    def _action_on(self, finding: Finding) -> Action:
        action = self._policy[finding.type]
        if finding.may_hide_others:
            # no milder than anything within would be
            action = self._strictest
        if action == "omit" and finding.holder is None:
            return "quarantine"  # there is no property to leave out
        return action

    def _shapes_of(
        self, event_version: str | None, event_us: int | None
    ) -> tuple[list[JudgedShape], bool]:
        """The shapes to judge by, and whether the plan has the event's version at that time.

        A version that is named decides. Otherwise all shapes of that time may be meant.
        """
        candidates = self.shapes
        if event_version is not None and self._by_version:
            named = self._by_version.get(event_version)
            if named is not None:
                return [named], named.is_valid_at(event_us)
            candidates = [each for each in self.shapes if not each.versions]
            if not candidates:
                return self.shapes[:1], False
        return [each for each in candidates if each.is_valid_at(event_us)] or candidates[:1], True

    def _findings(
        self,
        shape: JudgedShape,
        is_planned_version: bool,
        properties: Properties,
        kind: str | None,
    ) -> Iterator[Finding]:
        if not self.is_sent_by(kind):
            senders = " and ".join(sorted(self._sent_by))
            yield Finding("unplanned_event", None, f"the plan has it from {senders} only", None)
        if not is_planned_version:
            known = ", ".join(_described(each) for each in self.shapes if each.versions)
            yield Finding("unplanned_version", None, f"the plan has the versions {known}", None)
        yield from shape.findings(properties)


def _described(shape: JudgedShape) -> str:
    named = ", ".join(shape.versions)
    if shape.since is None and shape.until is None:
        return named
    since = f"from {shape.since}" if shape.since else ""
    until = f"until {shape.until}" if shape.until else ""
    return f"{named} ({' '.join(filter(None, (since, until)))})"
